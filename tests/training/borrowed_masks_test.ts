import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { borrowMask } from "../../lib/training/borrowed_masks.ts";
import type { FacePhoto, Wear } from "../../lib/evaluation/drawn_masks.ts";
import type { Point } from "../../lib/detection/landmarks.ts";
import { seededRandom } from "../../lib/random.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { makeLandmarks, MOUTH, NOSE_TIP, place } from "../fixtures/made_landmarks.ts";

const SIZE = 128;
const fill = (colour: (x: number) => number[]) =>
  Uint8Array.from(
    { length: SIZE * SIZE * 3 },
    (_, i) => colour(Math.floor(i / 3) % SIZE)[i % 3]!,
  );

const AT = { bare: place(10, 0.8, [70, 52]), masked: place(-12, 1, [60, 60]) };
const BARE: FacePhoto = {
  pixels: fill(() => [0, 255, 0]),
  landmarks: makeLandmarks(AT.bare.toPhoto),
};
/** Red left of its middle, blue right of it. */
const MASKED: FacePhoto = {
  pixels: fill((x) => x < 60 ? [255, 0, 0] : [0, 0, 255]),
  landmarks: makeLandmarks(AT.masked.toPhoto),
};
const borrow = (wear: Wear, seed: number) =>
  borrowMask(BARE, MASKED, SIZE, wear, seededRandom(seed));
const colourAt = (pixels: Uint8Array, [x, y]: Point) =>
  pixels.subarray(3 * (Math.floor(y) * SIZE + Math.floor(x))).slice(0, 3);
/** But for the mask's soft edge. */
const isBare = (pixels: Uint8Array, at: Point) => colourAt(pixels, at)[1]! > 128;

Deno.test("borrowMask() covers the nose, or leaves its tip bare, and changes no more than the lower face", async () => {
  const before = [BARE.pixels.slice(), MASKED.pixels.slice()];
  const { toPhoto, toFace } = AT.bare;
  let bareMouths = 0, coveredTips = 0;
  for (let seed = 0; seed < 60; seed++) {
    for (
      const [wear, top] of [["with_mask", -9], ["mask_weared_incorrect", 6]] as [Wear, number][]
    ) {
      const pixels = await borrow(wear, seed);
      assertEquals(pixels.length, BARE.pixels.length);
      const about = `seed ${seed}, ${wear}`;
      if (wear === "with_mask") assert(!isBare(pixels, toPhoto(NOSE_TIP)), about);
      else coveredTips += Number(!isBare(pixels, toPhoto(NOSE_TIP)));
      const bareMouth = isBare(pixels, toPhoto(MOUTH));
      if (wear === "with_mask") assert(!bareMouth, about);
      else bareMouths += Number(bareMouth);
      let changed = 0;
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          if (isBare(pixels, [x, y])) continue;
          changed++;
          const [across, down] = toFace([x + 0.5, y + 0.5]);
          assert(Math.abs(across) < 56 && down > top && down < 76, `${about}: ${across} ${down}`);
        }
      }
      assert(changed > 300, `${about}: ${changed} pixels changed`);
    }
  }
  // Three of ten hang under the mouth: of 60, 18 with a standard deviation of 3.5.
  assert(bareMouths > 6 && bareMouths < 30, `${bareMouths} bare mouths`);
  // The map fits six places at once, so that some edges lie a little higher than was drawn by lot.
  assert(coveredTips <= 6, `${coveredTips} of 60 noses covered`);
  assertEquals([BARE.pixels, MASKED.pixels], before);
});

Deno.test("borrowMask() takes the other photo's cloth, side for side, with a soft edge", async () => {
  for (const wear of ["with_mask", "mask_weared_incorrect"] as const) {
    const pixels = await borrow(wear, 3);
    const [left, right] = [-14, 14].map((x) => colourAt(pixels, AT.bare.toPhoto([x, 42])));
    assertEquals([...left!], [255, 0, 0]);
    assertEquals([...right!], [0, 0, 255]);
    const greens = pixels.filter((_, i) => i % 3 === 1);
    const mixed = greens.filter((level) => level > 30 && level < 225).length;
    assert(mixed > 50 && mixed < 1000, `${mixed} pixels of both photos`);
  }
});

Deno.test("borrowMask() repeats itself for a seed, differs for another, and leaves no tensor", async () => {
  const first = await borrow("with_mask", 1);
  await assertNoLeak(async () => assertEquals(await borrow("with_mask", 1), first));
  assertNotEquals(await borrow("with_mask", 2), first);
});

Deno.test("borrowMask() refuses what is no face and no photo, of both", async () => {
  const { pixels, landmarks } = BARE;
  for (
    const [photo, message] of [
      [{ pixels: pixels.subarray(3), landmarks }, `size ${SIZE} needs ${SIZE * SIZE * 3} bytes`],
      [{ pixels, landmarks: landmarks.slice(1) }, "68 landmarks, got 67"],
      [{ pixels, landmarks: landmarks.map(([x]) => [x, 64]) }, "on one line"],
      [{ pixels, landmarks: landmarks.map(() => [NaN, 64]) }, "on one line"],
    ] as [FacePhoto, string][]
  ) {
    for (const [bare, masked] of [[photo, MASKED], [BARE, photo]] as [FacePhoto, FacePhoto][]) {
      await assertRejects(
        () => borrowMask(bare, masked, SIZE, "with_mask", seededRandom(1)),
        RangeError,
        message,
      );
    }
  }
});
