import { assertLess, assertThrows } from "@std/assert";
import { resizePhoto } from "../../lib/images/decode_image.ts";
import { seededRandom } from "../../lib/random.ts";
import { resamplePhoto } from "../../lib/images/resample.ts";
import type { Box } from "../../lib/types.ts";

/** Soft shapes with some noise, as photos have. */
function makePhoto(width: number, height: number, seed: number) {
  const random = seededRandom(seed);
  const [a, b, c] = [random(), random(), random()];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const wave = Math.sin(x * a / 3) + Math.cos(y * b / 3) + Math.sin((x - y) * c / 9 + i % 3);
    return Math.max(0, Math.min(255, 128 + 40 * wave + 20 * random()));
  });
  return { width, height, pixels };
}

Deno.test("resamplePhoto() gives the pixels of resizePhoto(), larger and smaller", async (test) => {
  type Size = [width: number, height: number];
  const cases: { name: string; from: Size; to: Size; box?: Box }[] = [
    { name: "the same size", from: [40, 30], to: [40, 30] },
    { name: "a little smaller", from: [300, 200], to: [256, 171] },
    { name: "by two", from: [256, 128], to: [128, 64] },
    { name: "by three", from: [384, 390], to: [128, 128] },
    { name: "by five and seven", from: [700, 940], to: [128, 128] },
    { name: "by fifteen", from: [960, 540], to: [64, 36] },
    { name: "larger", from: [50, 40], to: [128, 128] },
    { name: "wider and lower", from: [50, 400], to: [128, 128] },
    { name: "wider, as high", from: [50, 128], to: [128, 128] },
    { name: "to one pixel", from: [9, 7], to: [1, 1] },
    { name: "from one pixel", from: [1, 1], to: [5, 3] },
    {
      name: "a face",
      from: [320, 240],
      to: [128, 128],
      box: { left: 100.4, top: 50.6, width: 61.7, height: 80.2 },
    },
    {
      name: "a face over the edge",
      from: [320, 240],
      to: [128, 128],
      box: { left: 290, top: -3, width: 40, height: 50 },
    },
  ];
  for (const [seed, { name, from, to: [width, height], box }] of cases.entries()) {
    await test.step(name, async () => {
      const photo = makePhoto(...from, seed);
      const options = { box, margin: box ? 0.15 : 0 };
      const expected = await resizePhoto(photo, { width, height }, options);
      const apart = Array.from(
        resamplePhoto(photo, { width, height }, options),
        (value, i) => Math.abs(value - expected[i]!),
      );
      assertLess(apart.reduce((most, value) => Math.max(most, value)), 3);
      assertLess(apart.reduce((sum, value) => sum + value) / apart.length, 0.5);
    });
  }
});

Deno.test("resamplePhoto() refuses a box outside the photo", () => {
  const box = { left: 20, top: 0, width: 5, height: 5 };
  assertThrows(
    () => resamplePhoto(makePhoto(10, 10, 1), { width: 2, height: 2 }, { box }),
    RangeError,
    "overlap the photo of 10 x 10",
  );
});
