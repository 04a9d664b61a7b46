import { assert, assertEquals, assertExists, assertRejects } from "@std/assert";
import { readImage } from "../../lib/images/decode_image.ts";
import { findLandmarks, findLandmarksIn, type Point } from "../../lib/detection/landmarks.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Sample } from "../../lib/types.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { groupPhoto } from "../fixtures/group_photos.ts";

const SIZE = 128;
/** One face of each of some group photos. */
const FACES = [
  { name: "sample1.jpg", box: { left: 590, top: 260, width: 600, height: 600 } },
  { name: "sample2.jpg", box: { left: 1220, top: 30, width: 600, height: 600 } },
  { name: "sample3.jpg", box: { left: 860, top: 80, width: 600, height: 600 } },
  { name: "sample6.jpg", box: { left: 1280, top: 130, width: 600, height: 600 } },
];

const readFace = ({ name, box }: typeof FACES[number]) =>
  readImage(groupPhoto(name), { size: SIZE, box });

/** Where some of the places lie on average. */
const middle = (points: Point[], from: number, to: number): Point => {
  const some = points.slice(from, to + 1);
  const mean = (axis: 0 | 1) => some.reduce((sum, point) => sum + point[axis], 0) / some.length;
  return [mean(0), mean(1)];
};

Deno.test("findLandmarks() finds eyes over nose over mouth over chin, inside the photo", async () => {
  for (const face of FACES) {
    const points = await findLandmarks(await readFace(face), SIZE);
    assertExists(points, face.name);
    assertEquals(points.length, 68);
    assert(points.flat().every((place) => place > 0 && place < SIZE), `${face.name}: outside`);
    const [leftEye, rightEye] = [middle(points, 36, 41), middle(points, 42, 47)];
    const [nose, mouth, chin] = [middle(points, 31, 35), middle(points, 48, 67), points[8]!];
    assert(leftEye[0] < nose[0] && nose[0] < rightEye[0], `${face.name}: nose between the eyes`);
    const down = [Math.max(leftEye[1], rightEye[1]), nose[1], mouth[1], chin[1]];
    assertEquals(down, down.toSorted((a, b) => a - b), face.name);
    assert(down.every((y, i) => i === 0 || y - down[i - 1]! > 3), `${face.name}: ${down}`);
  }
});

Deno.test("findLandmarks() returns an empty list if there is no face", async () => {
  const random = seededRandom(1);
  const grey = new Uint8Array(SIZE * SIZE * 3).fill(128);
  assertEquals(await findLandmarks(grey, SIZE), undefined);
  assertEquals(await findLandmarks(grey.map(() => 256 * random()), SIZE), undefined);
});

Deno.test("findLandmarksIn() finds a face by its box as by the detector", async () => {
  for (const margin of [0.15, 0.4]) {
    const box = { left: 657, top: 386, width: 202, height: 240 };
    const pixels = await readImage(groupPhoto("sample6.jpg"), { size: SIZE, box, margin });
    const sample = { file: "sample6.jpg", className: "without_mask" as const };
    const find = (samples: Sample[]) =>
      findLandmarksIn(
        { size: SIZE, samples, pixels: Uint8Array.from([...pixels, ...pixels]), unreadable: [] },
        1,
        { margin },
      );
    const [known, found] = [await find([sample, { ...sample, box }]), await find([sample, sample])];
    assertExists(known);
    assertExists(found);
    for (const [i, [x, y]] of known.entries()) {
      const apart = Math.hypot(x - found[i]![0], y - found[i]![1]);
      assert(apart < 0.08 * SIZE, `margin ${margin}, place ${i}: ${apart} pixels apart`);
    }
  }
});

Deno.test("findLandmarks() repeats itself, changes no pixel, and leaves no tensor", async () => {
  const pixels = await readFace(FACES[0]!);
  const before = pixels.slice();
  const first = await findLandmarks(pixels, SIZE); // from now on the networks are there
  await assertNoLeak(async () => assertEquals(await findLandmarks(pixels, SIZE), first));
  await assertNoLeak(() => findLandmarks(new Uint8Array(SIZE * SIZE * 3), SIZE));
  await assertNoLeak(() => assertRejects(() => findLandmarks(pixels, SIZE + 1)));
  assertEquals(pixels, before);
});
