import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { drawFullBeard, drawHandAtMouth, drawOnFace } from "../../lib/evaluation/draw_on_face.ts";
import { drawMask } from "../../lib/data/sample_faces/masks.ts";
import type { Point } from "../../lib/detection/landmarks.ts";
import { seededRandom } from "../../lib/random.ts";
import { makeLandmarks, MOUTH, NOSE_TIP, place } from "../fixtures/made_landmarks.ts";

const SIZE = 128;
/** Green that no mask has. */
const PIXELS = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => i % 3 === 1 ? 255 : 0);
const PLACES = [place(0, 1, [64, 58]), place(20, 0.7, [70, 50]), place(-15, 0.9, [60, 60])];

/** A mask over mouth and nose. */
const drawMaskOn = (pixels: Uint8Array, size: number, landmarks: readonly Point[], seed: number) =>
  drawOnFace(pixels, size, landmarks, seededRandom(seed), (dice, face) => drawMask(dice, face));

const isChanged = (pixels: Uint8Array, [x, y]: Point) => {
  const start = 3 * (Math.floor(y) * SIZE + Math.floor(x));
  return [0, 1, 2].some((i) => pixels[start + i] !== PIXELS[start + i]);
};

Deno.test("drawOnFace() draws where the landmarks say, and changes no more", async () => {
  const before = PIXELS.slice();
  for (let seed = 0; seed < 60; seed++) {
    const { toPhoto, toFace } = PLACES[seed % PLACES.length]!;
    const drawn = await drawMaskOn(PIXELS, SIZE, makeLandmarks(toPhoto), seed);
    assertEquals(drawn.length, PIXELS.length);
    for (const covered of [NOSE_TIP, MOUTH]) assert(isChanged(drawn, toPhoto(covered)), `${seed}`);
    let changed = 0;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        if (!isChanged(drawn, [x, y])) continue;
        changed++;
        const [across, down] = toFace([x + 0.5, y + 0.5]);
        assert(Math.abs(across) < 46 && down > -9 && down < 72, `${seed}: ${across} ${down}`);
      }
    }
    assert(changed > 300, `seed ${seed}: ${changed} pixels changed`);
  }
  assertEquals(PIXELS, before);
});

Deno.test("drawOnFace() blends the drawing's edges into the photo without a dark rim", async () => {
  const landmarks = makeLandmarks(PLACES[0]!.toPhoto);
  const sums = { whole: 0, part: 0 }, counts = { whole: 0, part: 0 };
  for (let seed = 0; seed < 20; seed++) {
    const [onBlack, onWhite] = await Promise.all(
      [0, 255].map((level) => drawMaskOn(PIXELS.map(() => level), SIZE, landmarks, seed)),
    ) as [Uint8Array, Uint8Array];
    onBlack.forEach((level, i) => {
      const cover = 1 - (onWhite[i]! - level) / 255; // what both have in common is the mask
      const kind = cover === 1 ? "whole" : cover > 0.2 && cover < 0.6 ? "part" : undefined;
      if (!kind) return;
      sums[kind] += level / cover;
      counts[kind]++;
    });
  }
  const [inside, edge] = [sums.whole / counts.whole, sums.part / counts.part];
  // An outline is a quarter darker than its mask, the bands are lighter.
  assert(edge > 0.75 * inside && edge < 1.5 * inside, `${edge} at the edge, ${inside} inside`);
});

Deno.test("drawOnFace() draws in the colour of the face's own skin", async () => {
  const [dark, fair] = [[96, 65, 52], [247, 234, 208]];
  for (const skin of [dark, fair]) {
    const plain = PIXELS.map((_, i) => skin[i % 3]!);
    plain.subarray(0, 3 * 20 * SIZE).fill(255); // above the eyes it has another
    const landmarks = makeLandmarks(PLACES[0]!.toPhoto);
    const draw = (fill?: string) =>
      drawOnFace(
        plain,
        SIZE,
        landmarks,
        seededRandom(1),
        (_, face) => `<circle cx="0" cy="30" r="20" fill="${fill ?? face.skin}"/>`,
      );
    const change = (drawn: Uint8Array) =>
      drawn.reduce((most, level, i) => Math.max(most, Math.abs(level - plain[i]!)), 0);
    assert(change(await draw()) <= 1, `${change(await draw())} levels off the skin's`);
    assert(change(await draw("#00ff00")) > 20);
  }
});

Deno.test("drawHandAtMouth(), drawFullBeard() cover the mouth's surroundings, and never both eyes", async () => {
  const { toPhoto } = PLACES[0]!;
  const landmarks = makeLandmarks(toPhoto);
  for (const draw of [drawHandAtMouth, drawFullBeard]) {
    for (let seed = 0; seed < 20; seed++) {
      const drawn = await drawOnFace(PIXELS, SIZE, landmarks, seededRandom(seed), draw);
      const changed = drawn.filter((level, i) => level !== PIXELS[i]).length;
      const about = `${draw.name}, seed ${seed}`;
      assert(changed > 150 && changed < PIXELS.length / 2, `${about}: ${changed} bytes changed`);
      assert([-17, 17].some((x) => !isChanged(drawn, toPhoto([x, -12]))), `${about}: no eye`);
    }
  }
});

Deno.test("drawOnFace() repeats itself for a seed, and differs for another", async () => {
  const landmarks = makeLandmarks(PLACES[0]!.toPhoto);
  const draw = (seed: number) => drawMaskOn(PIXELS, SIZE, landmarks, seed);
  assertEquals(await draw(1), await draw(1));
  assertNotEquals(await draw(1), await draw(2));
});

Deno.test("drawOnFace() leaves a photo as it is where the face lies outside", async () => {
  const landmarks = makeLandmarks(place(0, 1, [1000, 1000]).toPhoto);
  assertEquals(await drawMaskOn(PIXELS, SIZE, landmarks, 1), PIXELS);
});

Deno.test("drawOnFace() refuses a wrong face and a wrong photo", async () => {
  const landmarks = makeLandmarks(PLACES[0]!.toPhoto);
  for (
    const [pixels, points, message] of [
      [
        PIXELS.subarray(3),
        landmarks,
        `pixels must be ${SIZE * SIZE * 3} bytes for size ${SIZE}, got`,
      ],
      [PIXELS, landmarks.slice(1), "landmarks must be 68 points, got 67"],
      [PIXELS, [], "landmarks must be 68 points, got 0"],
      [PIXELS, landmarks.map(([x]) => [x, 64]), "on one line"],
      [PIXELS, landmarks.map(([x]) => [x, 10 + 0.7 * x]), "on one line"],
      [PIXELS, landmarks.map(() => [64, 64]), "on one line"],
      [PIXELS, landmarks.map(() => [NaN, 64]), "on one line"],
    ] as [Uint8Array, Point[], string][]
  ) {
    await assertRejects(
      () => drawMaskOn(pixels, SIZE, points, 1),
      RangeError,
      message,
    );
  }
});
