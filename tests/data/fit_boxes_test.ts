import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { fitBoxes, scaleBox } from "../../lib/data/fit_boxes.ts";
import { readPhotoSize } from "../../lib/images/photo_size.ts";
import type { Box } from "../../lib/types.ts";

const box = (left: number, top: number, width: number, height: number): Box => ({
  left,
  top,
  width,
  height,
});
const size = (width: number, height: number) => ({ width, height });
const photo = (width: number, height: number, orientation = 1) => ({ width, height, orientation });

/** A blue photo of 60 x 40 with a red box, stored so that it is to be turned. */
async function makeTurned(red: Box, orientation: number) {
  const square = { ...size(red.width, red.height), channels: 3, background: "red" } as const;
  const input = await sharp({ create: square }).png().toBuffer();
  const blue = { width: 60, height: 40, channels: 3, background: "blue" } as const;
  return await sharp({ create: blue }).composite([{ input, left: red.left, top: red.top }])
    .withMetadata({ orientation }).png().toBuffer();
}

Deno.test("fitBoxes() turns boxes of the stored photo as it is turned itself", async () => {
  // What sharp turns upright is the reference.
  const red = box(5, 3, 20, 10);
  for (let orientation = 1; orientation <= 8; orientation++) {
    const bytes = await makeTurned(red, orientation);
    const file = await Deno.makeTempFile({ suffix: ".png" });
    await Deno.writeFile(file, bytes);
    const stored = await readPhotoSize(file);
    await Deno.remove(file);
    assertEquals(stored, photo(60, 40, orientation));
    const { move, note } = fitBoxes(size(60, 40), { ...stored, unclear: "stored" });
    const kind = orientation > 4 ? "turned" : "unclear";
    assertEquals(note?.kind, orientation === 1 ? undefined : kind);
    const moved = move(red);
    const { data, info } = await sharp(bytes).autoOrient().removeAlpha().raw()
      .toBuffer({ resolveWithObject: true });
    assertEquals([info.width, info.height], orientation > 4 ? [40, 60] : [60, 40]);
    for (let y = 0; y < info.height; y++) {
      for (let x = 0; x < info.width; x++) {
        const isInside = x >= moved.left && x < moved.left + moved.width && y >= moved.top &&
          y < moved.top + moved.height;
        assertEquals(data[(y * info.width + x) * 3]! > 128, isInside, `${orientation}: ${x}, ${y}`);
      }
    }
  }
});

Deno.test("fitBoxes() tells by the labelled size what boxes are of", () => {
  const given = box(10, 20, 30, 40);
  const cases: [[number, number], ReturnType<typeof photo>, string | undefined, Box][] = [
    // The same size, upright or not.
    [[400, 300], photo(400, 300), undefined, given],
    [[300, 400], photo(400, 300, 6), undefined, given],
    [[400, 300], photo(400, 300, 6), "turned", box(240, 10, 40, 30)],
    [[400, 300], photo(400, 300, 8), "turned", box(20, 360, 40, 30)],
    // Resized since, rounded too, and turned.
    [[400, 300], photo(800, 600), "scaled", box(20, 40, 60, 80)],
    [[400, 300], photo(200, 150), "scaled", box(5, 10, 15, 20)],
    [[1000, 667], photo(500, 333), "scaled", box(5, 10, 15, 20)],
    [[300, 400], photo(800, 600, 6), "scaled", box(20, 40, 60, 80)],
    [[400, 300], photo(800, 600, 6), "turned", box(480, 20, 80, 60)],
    [[400, 300], photo(200, 150, 8), "turned", box(10, 180, 20, 15)],
    // Into another shape, as for a network of squares.
    [[400, 300], photo(416, 416), "stretched", box(10, 28, 32, 55)],
    // Width and height exchanged: nobody makes 400 x 300 of 300 x 400.
    [[300, 400], photo(400, 300), "exchanged", given],
    [[150, 200], photo(400, 300), "exchanged", box(20, 40, 60, 80)],
    // Not to be told: the stored and the upright photo are of one size.
    [[400, 300], photo(400, 300, 3), "unclear", given],
    [[400, 300], photo(400, 300, 2), "unclear", given],
    [[400, 400], photo(400, 400, 6), "unclear", given],
    [[200, 200], photo(400, 400, 8), "unclear", box(20, 40, 60, 80)],
    [[416, 416], photo(400, 300, 6), "unclear", box(7, 19, 22, 39)],
  ];
  for (const [[width, height], stored, kind, expected] of cases) {
    const name = `${width} x ${height} in ${JSON.stringify(stored)}`;
    const { move, note } = fitBoxes(size(width, height), stored);
    assertEquals([note?.kind, move(given)], [kind, expected], name);
    if (note) assertStringIncludes(note.reason, `<size> says ${width} x ${height}`);
  }
});

Deno.test("scaleBox() leaves a pixel of the smallest box, within the frame", () => {
  const tiny = size(3, 2);
  for (const given of [box(0, 0, 1, 1), box(998, 998, 2, 2), box(500, 0, 1, 1000)]) {
    const { left, top, width, height } = scaleBox(given, size(1000, 1000), tiny);
    assert(width >= 1 && height >= 1, JSON.stringify(given));
    assert(left >= 0 && top >= 0 && left + width <= 3 && top + height <= 2, JSON.stringify(given));
  }
});
