import { assert, assertEquals } from "@std/assert";
import { boxIou } from "../../lib/boxes.ts";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { findFrameFilling } from "../../lib/detection/frame_filling.ts";
import { decodePhoto, resizePhoto } from "../../lib/images/decode_image.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const photo = { width: 40, height: 20, pixels: new Uint8Array(40 * 20 * 3).fill(7) };

Deno.test("findFrameFilling() lays the photo into the middle of a grey one", async () => {
  await findFrameFilling(photo, ({ width, height, pixels }) => {
    assertEquals([width, height, pixels.length], [80, 40, 80 * 40 * 3]);
    const at = (x: number, y: number) => pixels[3 * (y * width + x)];
    assertEquals([at(19, 10), at(20, 9), at(20, 10), at(59, 29), at(60, 29)], [
      128,
      128,
      7,
      7,
      128,
    ]);
    return Promise.resolve([]);
  }, 0.3);
});

Deno.test("findFrameFilling() gives boxes of the photo, clipped to it", async () => {
  const found = [{ left: 18, top: 8, width: 44, height: 24, score: 0.9 }];
  assertEquals(await findFrameFilling(photo, () => Promise.resolve(found), 0.3), [
    { left: 0, top: 0, width: 40, height: 20, score: 0.9 },
  ]);
});

Deno.test("findFrameFilling() asks for less confidence only where the face fills the photo", async () => {
  const filling = { left: 25, top: 12, width: 20, height: 16, score: 0.2 };
  const small = { left: 25, top: 12, width: 5, height: 6, score: 0.2 };
  const outside = { left: 0, top: 0, width: 15, height: 9, score: 0.9 };
  let asked = 0;
  const faces = await findFrameFilling(photo, (_, { minScore }) => {
    asked = minScore;
    return Promise.resolve([outside, filling, small]);
  }, 0.3);
  assertEquals(asked, 0.15);
  assertEquals(faces.map(({ width }) => width), [20]);
});

Deno.test("findFrameFilling() finds the face of a crop in which findFaces() finds none", async () => {
  const detector = await loadDetector();
  const group = await decodePhoto(GROUP);
  const faces = await findFaces(detector, group, { minScore: 0.8 });
  assert(faces.length >= 3);
  let helped = 0;
  for (const box of faces) {
    const size = { width: 100, height: 100 };
    const crop = { ...size, pixels: await resizePhoto(group, size, { box }) };
    if ((await findFaces(detector, crop)).length > 0) continue;
    const find = (photo: typeof crop, options: { minScore: number; sizes: readonly number[] }) =>
      findFaces(detector, photo, options);
    const [face] = await findFrameFilling(crop, find, 0.3);
    if (face && boxIou(face, { left: 0, top: 0, ...size }) > 0.5) helped++;
  }
  detector.dispose();
  assert(helped > 0, "each crop had a face without a border, or none with it");
});
