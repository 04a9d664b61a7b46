import { assert, assertEquals } from "@std/assert";
import { readImage } from "../../lib/images/decode_image.ts";
import { editSlices, measureSlices, turnSlices } from "../../lib/evaluation/slices.ts";
import { CLASSES, FACE_MARGIN, type ImageSet } from "../../lib/types.ts";
import { groupPhoto } from "../fixtures/group_photos.ts";

const SIZE = 128;

/** Photos of one colour each. */
function makePlain(colours: number[][], sides: number[] = []): ImageSet {
  const pixels = new Uint8Array(colours.length * SIZE * SIZE * 3);
  colours.forEach((colour, photo) => {
    for (let i = 0; i < SIZE * SIZE; i++) pixels.set(colour, 3 * (photo * SIZE * SIZE + i));
  });
  const samples = colours.map((_, i) => ({
    file: `${i}.jpg`,
    className: CLASSES.binary[0]!,
    ...(sides[i] && { box: { left: 0, top: 0, width: sides[i], height: 2 * sides[i] } }),
  }));
  return { size: SIZE, pixels, samples, unreadable: [] };
}

const indicesOf = (slices: { name: string; indices: number[] }[], name: string) =>
  slices.find((slice) => slice.name === name)?.indices;

Deno.test("measureSlices() sorts by skin, light and size of the face", () => {
  // Monk Skin Tone scale, tones 3, 6 and 8; the last is no skin. The angles of NumPy's arithmetic are
  // 71.7, 10.9 and -55.4 degrees.
  const images = makePlain([[247, 234, 208], [160, 126, 86], [96, 65, 52], [0, 200, 0]], [
    20,
    40,
    80,
  ]);
  const slices = measureSlices(images, [0, 1, 2, 3]);
  assertEquals(indicesOf(slices, "intermediate skin"), [1]);
  assertEquals(indicesOf(slices, "dark skin"), [2]);
  assertEquals(indicesOf(slices, "dark photos"), undefined);
  assertEquals(indicesOf(slices, "faces under 32 pixels"), [0]);
  assertEquals(indicesOf(slices, "faces of 32 to 63 pixels"), [1]);
  assertEquals(indicesOf(slices, "faces of 64 pixels and more"), [2]);
});

Deno.test("measureSlices() calls the least sharp photos blurred, and dark ones dark", () => {
  const images = makePlain(Array.from({ length: 10 }, () => [30, 30, 30]));
  for (let photo = 1; photo < 10; photo++) { // stripes, stronger from photo to photo
    for (let i = 0; i < SIZE * SIZE; i += 2) {
      images.pixels.fill(
        30 + 5 * photo,
        3 * (photo * SIZE * SIZE + i),
        3 * (photo * SIZE * SIZE + i + 1),
      );
    }
  }
  const slices = measureSlices(images, [...images.samples.keys()]);
  assertEquals(indicesOf(slices, "blurred"), [0, 1]);
  assertEquals(indicesOf(slices, "dark photos")?.length, 10);
});

Deno.test("turnSlices() tells faces from the side from those from the front", async () => {
  const images = makePlain([[0, 0, 0], [90, 90, 90], [0, 0, 0]], [214, 0, 240]);
  const margin = FACE_MARGIN;
  const profile = { left: 336, top: 181, width: 178, height: 214 };
  const front = { left: 657, top: 386, width: 202, height: 240 };
  images.pixels.set(await readImage(groupPhoto("sample2.jpg"), { box: profile, margin }));
  images.pixels.set(
    await readImage(groupPhoto("sample6.jpg"), { box: front, margin }),
    2 * SIZE * SIZE * 3,
  );
  const slices = await turnSlices(images, [0, 1, 2]);
  assertEquals(indicesOf(slices, "side faces"), [0]);
  assertEquals(indicesOf(slices, "faces from the front"), [2]);
  assertEquals(await turnSlices(images, [1]), []);
});

Deno.test("editSlices() draws on bare faces where one is found, the same for a seed", async () => {
  const face = await readImage(groupPhoto("sample1.jpg"), {
    box: { left: 590, top: 260, width: 600, height: 600 },
  });
  const images = makePlain([[200, 180, 170], [0, 0, 0], [0, 0, 0]]);
  images.pixels.set(face, face.length);
  images.pixels.set(face, 2 * face.length);
  images.samples[2]!.className = "with_mask"; // not bare: passed over
  const slices = await editSlices(images, [0, 1, 2]);
  assertEquals(slices.map(({ name, images }) => [name, images.samples.map((it) => it.className)]), [
    ["black mask", ["with_mask"]],
    ["printed mask", ["with_mask"]],
    ["hand over the mouth", ["without_mask"]],
    ["beard", ["without_mask"]],
    ["glasses", ["without_mask"]],
  ]);
  for (const { name, images: { pixels } } of slices) {
    assertEquals(pixels.length, face.length);
    const changed = pixels.filter((level, i) => level !== face[i]).length / face.length;
    assert(changed > 0.005 && changed < 0.5, `${name}: ${changed} of the photo`);
  }
  assertEquals(images.pixels.subarray(face.length, 2 * face.length), face);
  const progress: [number, number?][] = [];
  const again = await editSlices(images, [0, 1, 2], {
    onProgress: ({ done, total }) => progress.push([done, total]),
  });
  assertEquals(progress.at(-1), [1, 1]); // one of two bare photos shows a face: it ends all the same
  assertEquals(
    again.map((slice) => slice.images.pixels),
    slices.map((slice) => slice.images.pixels),
  );
});
