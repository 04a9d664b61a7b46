import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join, relative, resolve } from "@std/path";
import sharp from "sharp";
import { annotateFile, drawMarks, type Mark } from "../../lib/inference/annotate.ts";
import { textDots } from "../../lib/inference/letters.ts";
import { CLASS_STYLES } from "../../lib/class_style.ts";
import type { Photo } from "../../lib/photo.ts";
import { CLASSES, type ClassName } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const [WIDTH, HEIGHT] = [200, 120];
const grey = (level: number): Photo => ({
  width: WIDTH,
  height: HEIGHT,
  pixels: new Uint8Array(WIDTH * HEIGHT * 3).fill(level),
});
const mark = (label: ClassName, left = 50, top = 40): Mark => ({
  box: { left, top, width: 80, height: 60 },
  label,
  probability: 0.97,
});
/** How many pixels of a picture have each colour, as "#RRGGBB". */
function countColours({ bitmap }: { bitmap: Uint8ClampedArray }): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < bitmap.length; i += 4) {
    const colour = "#" + [...bitmap.subarray(i, i + 3)]
      .map((level) => level.toString(16).padStart(2, "0")).join("").toUpperCase();
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return counts;
}

Deno.test("drawMarks() gives each class its colour, on any ground, and leaves the photo alone", () => {
  for (const level of [0, 128, 255]) {
    for (const label of CLASSES["three-class"]) {
      const photo = grey(level);
      const counts = countColours(drawMarks(photo, [mark(label)]));
      for (const colour of [CLASS_STYLES[label].colour, "#FFFFFF", "#000000"]) {
        assert(counts.get(colour)! > 20, `${label} on ${level}: ${colour}`);
      }
      assert(photo.pixels.every((value) => value === level));
    }
  }
});

Deno.test("drawMarks() breaks the lines of the classes differently", () => {
  const shares = CLASSES["three-class"].map((label) => {
    const { bitmap } = drawMarks(grey(128), [mark(label)]);
    // Along the lower line, which no plate hides: rows 98 and 97 of the box that ends at 100.
    const row = Array.from({ length: 70 }, (_, x) => bitmap[4 * (97 * WIDTH + 55 + x)]);
    return new Set(row).size === 1 ? "whole" : row.filter((red) => red === 255).length;
  });
  assertEquals(shares[CLASSES["three-class"].indexOf("with_mask")], "whole");
  assertEquals(new Set(shares).size, 3);
});

Deno.test("drawMarks() keeps within the picture, whatever the box", () => {
  const photos = [grey(9), { width: 3, height: 2, pixels: new Uint8Array(18) }];
  for (const photo of photos) {
    for (const [left, top] of [[-30, -20], [190, 110], [0, 0], [500, 500]] as const) {
      const picture = drawMarks(photo, [mark("without_mask", left, top)]);
      assertEquals([picture.width, picture.height], [photo.width, photo.height]);
    }
    drawMarks(photo, [{ label: "with_mask", probability: 1 }]);
    drawMarks(photo, [{ label: "with_mask", probability: 0.5, unsure: true }]);
  }
  assertEquals([...countColours(drawMarks(grey(9), []))], [["#090909", WIDTH * HEIGHT]]);
});

Deno.test("textDots() draws every label and figure, each letter unlike the others", () => {
  const letters = [..."ACEIKMNORST0123456789%?"];
  const drawn = letters.map((letter) => JSON.stringify([...textDots(letter)]));
  assertEquals(new Set(drawn).size, letters.length);
  for (const letter of letters) {
    for (const [x, y] of textDots(letter)) assert(x >= 0 && x < 5 && y >= 0 && y < 7);
  }
  assertEquals([...textDots(" ")], []);
});

Deno.test("annotateFile() writes a picture for each photo, whole or not at all", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "a"));
    const out = join(folder, "out");
    for (const name of ["1.jpg", "a/1.jpg", "a/1.png"]) {
      await sharp(grey(200).pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
        .toFile(join(folder, name));
      const target = await annotateFile(join(folder, name), [mark("with_mask")], out);
      const { format, width, height } = await sharp(target).metadata();
      assertEquals([format, width, height], ["jpeg", WIDTH, HEIGHT]);
      assert(resolve(target).startsWith(resolve(out)));
    }
    const here = relative(Deno.cwd(), folder).replaceAll("..", "__");
    const names = (await Array.fromAsync(Deno.readDir(join(out, here, "a")))).map(({ name }) =>
      name
    );
    assertEquals(names.sort(), ["1.jpg", "1.png.jpg"]);
    await Deno.writeTextFile(join(folder, "bad.jpg"), "no photo");
    await assertRejects(
      () => annotateFile(join(folder, "bad.jpg"), [], out),
      Deno.errors.InvalidData,
    );
  });
});

Deno.test("annotateFile() does not write over the photo, whatever leads to it", async () => {
  await withFolder(async (folder) => {
    const photo = join(folder, "1.jpg");
    await sharp(grey(200).pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
      .toFile(photo);
    const before = await Deno.readFile(photo);
    // Where the picture would go is a link back to the photo's folder.
    const out = join(folder, "out");
    const place = dirname(join(out, relative(Deno.cwd(), photo).replaceAll("..", "__")));
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.symlink(folder, place);
    await assertRejects(
      () => annotateFile(photo, [mark("with_mask")], out),
      Deno.errors.AlreadyExists,
      "is the photo itself: choose another folder",
    );
    assertEquals(await Deno.readFile(photo), before);
  });
});
