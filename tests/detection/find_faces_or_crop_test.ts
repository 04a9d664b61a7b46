import { assert, assertEquals } from "@std/assert";
import { boxIou } from "../../lib/boxes.ts";
import type { FaceBox } from "../../lib/detection/face_network.ts";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { findFacesOrCrop } from "../../lib/detection/find_faces_or_crop.ts";
import { decodePhoto, resizePhoto } from "../../lib/images/decode_image.ts";
import type { Photo } from "../../lib/photo.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const photo = { width: 40, height: 20, pixels: new Uint8Array(40 * 20 * 3).fill(7) };

/** Answers the first search with `plain`, the second with `bordered`. */
function search(plain: FaceBox[], bordered: FaceBox[]) {
  const asked: { photo: Photo; minScore: number }[] = [];
  const find = (photo: Photo, { minScore }: { minScore: number }) => {
    asked.push({ photo, minScore });
    return Promise.resolve(asked.length === 1 ? plain : bordered);
  };
  return { asked, faces: findFacesOrCrop(photo, find, { minScore: 0.3 }) };
}

Deno.test("findFacesOrCrop() is content with a clear face", async () => {
  const face = { left: 1, top: 1, width: 9, height: 9, score: 0.8 };
  const { asked, faces } = search([face], []);
  assertEquals([await faces, asked.length], [[face], 1]);
});

Deno.test("findFacesOrCrop() lays the photo into the middle of a grey one", async () => {
  const { asked, faces } = search([], []);
  assertEquals(await faces, []);
  const { photo: { width, height, pixels }, minScore } = asked[1]!;
  assertEquals([width, height, pixels.length, minScore], [80, 40, 80 * 40 * 3, 0.15]);
  const at = (x: number, y: number) => pixels[3 * (y * width + x)];
  assertEquals([at(19, 10), at(20, 9), at(20, 10), at(59, 29), at(60, 29)], [128, 128, 7, 7, 128]);
});

Deno.test("findFacesOrCrop() gives boxes of the photo, clipped to it", async () => {
  const { faces } = search([], [{ left: 18, top: 8, width: 44, height: 24, score: 0.9 }]);
  assertEquals(await faces, [{ left: 0, top: 0, width: 40, height: 20, score: 0.9 }]);
});

Deno.test("findFacesOrCrop() asks for less confidence only where the face fills the photo", async () => {
  const filling = { left: 25, top: 12, width: 20, height: 16, score: 0.2 };
  const small = { left: 25, top: 12, width: 5, height: 6, score: 0.2 };
  const outside = { left: 0, top: 0, width: 15, height: 9, score: 0.9 };
  const { faces } = search([], [outside, filling, small]);
  assertEquals((await faces).map(({ width }) => width), [20]);
});

Deno.test("findFacesOrCrop() replaces an unclear face by a face that fills the photo", async () => {
  const unclear = { left: 1, top: 1, width: 3, height: 3, score: 0.36 };
  const filling = { left: 25, top: 12, width: 20, height: 16, score: 0.19 };
  assertEquals((await search([unclear], [filling]).faces).map(({ width }) => width), [20]);
  const weaker = { ...filling, score: 0.17 };
  assertEquals(await search([unclear], [weaker]).faces, [unclear]);
});

Deno.test("findFacesOrCrop() finds the face of a crop in which findFaces() finds none", async () => {
  const detector = await loadDetector();
  const find = (photo: Photo, options: { minScore: number; facesFrom?: number }) =>
    findFaces(detector, photo, options);
  const group = await decodePhoto(GROUP);
  const faces = await findFaces(detector, group);
  assert(faces.length >= 3);
  let helped = 0;
  for (const box of faces) {
    const size = { width: 100, height: 100 };
    const crop = { ...size, pixels: await resizePhoto(group, size, { box }) };
    if ((await findFaces(detector, crop)).length > 0) continue;
    const [face] = await findFacesOrCrop(crop, find, { minScore: 0.3 });
    if (face && boxIou(face, { left: 0, top: 0, ...size }) > 0.5) helped++;
  }
  detector.dispose();
  assert(helped > 0, "each crop had a face without a border, or none with it");
});
