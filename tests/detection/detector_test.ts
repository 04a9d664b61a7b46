import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import sharp from "sharp";
import type { FaceBox } from "../../lib/detection/face_network.ts";
import { mergeBoxes } from "../../lib/detection/merge_boxes.ts";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { classifyFaces, detectMasks } from "../../lib/inference/detect_masks.ts";
import { boxIou } from "../../lib/boxes.ts";
import { decodePhoto } from "../../lib/images/decode_image.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { classifyCrop } from "../../lib/model/predict_images.ts";
import { PREPROCESSING } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const detector = await loadDetector();
const classifier = {
  model: buildCnn({ classes: 3, seed: 1 }),
  info: {
    classes: CLASSES["three-class"],
    size: 128,
    margin: 0.15,
    preprocessing: PREPROCESSING,
    trainedOn: "nothing",
  },
};

Deno.test("mergeBoxes() leaves one box a face, cut to the photo", () => {
  const at = (left: number, score: number): FaceBox => ({
    left,
    top: 0,
    width: 10,
    height: 10,
    score,
  });
  const photo = { width: 100, height: 10 };
  const merged = mergeBoxes(
    [at(2, 0.3), at(0, 0.6), at(50, 0.9), at(96, 0.5), at(101, 0.4)],
    photo,
  );
  assertEquals(merged.map(({ score }) => score), [0.9, 0.6, 0.5]);
  // (0 * 0.6 + 2 * 0.3) / 0.9
  assert(Math.abs(merged[1]!.left - 2 / 3) < 1e-9);
  assertEquals(merged[2], { left: 96, top: 0, width: 4, height: 10, score: 0.5 });
  assertEquals(mergeBoxes([], photo), []);
});

Deno.test("detectMasks() finds the faces of a real photo, wherever it comes from", async () => {
  const found = await detectMasks(detector, classifier, GROUP);
  assertEquals(found.length, 3);
  const photo = await decodePhoto(GROUP);
  for (const { box, label, probability, score } of found) {
    assert(box.left >= 0 && box.left + box.width <= photo.width);
    assert(box.top >= 0 && box.top + box.height <= photo.height);
    assert(box.width > 20 && box.height > 20);
    assert(CLASSES["three-class"].includes(label) && probability > 1 / 3 && score >= 0.3);
  }
  assertEquals(await detectMasks(detector, classifier, await Deno.readFile(GROUP)), found);
  assertEquals(await detectMasks(detector, classifier, photo), found);
});

Deno.test("findFaces() finds the same faces in a photo that EXIF turns", async () => {
  const upright = await findFaces(detector, await decodePhoto(GROUP));
  const turned = await sharp(await sharp(GROUP).rotate(90).png().toBuffer())
    .withMetadata({ orientation: 8 }).png().toBuffer();
  const faces = await findFaces(detector, await decodePhoto(turned));
  assertEquals(faces.length, upright.length);
  for (const [i, face] of faces.entries()) assert(boxIou(face, upright[i]!) > 0.98);
});

Deno.test("detectMasks() returns an empty list if there is no face", async () => {
  const grey = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: "#888" } }).png().toBuffer();
  for (const [width, height] of [[300, 200], [1, 1], [2000, 3]] as const) {
    assertEquals(await detectMasks(detector, classifier, await grey(width, height)), []);
  }
});

Deno.test("detectMasks() refuses bad options and data that are not a photo", async () => {
  for (const minScore of [0, 1, NaN]) {
    await assertRejects(() => detectMasks(detector, classifier, GROUP, { minScore }), RangeError);
  }
  await assertRejects(() => detectMasks(detector, classifier, GROUP, { facesFrom: 0 }), RangeError);
  await assertRejects(() => detectMasks(detector, classifier, "nowhere.jpg"), Deno.errors.NotFound);
  const text = new TextEncoder().encode("no photo");
  await assertRejects(() => detectMasks(detector, classifier, text), Deno.errors.InvalidData);
});

Deno.test("classifyFaces() refuses a box outside the photo", async () => {
  const photo = { width: 2, height: 2, pixels: new Uint8Array(12) };
  const box = { left: 5, top: 5, width: 2, height: 2 };
  await assertRejects(() => classifyFaces(classifier, photo, [box]), RangeError, "must overlap");
});

Deno.test("classifyCrop() cuts a face out as classifyFaces() does, whether the model names a margin", async () => {
  const box = { left: 100, top: 60, width: 80, height: 90 }, photo = await decodePhoto(GROUP);
  const { margin: _, ...info } = classifier.info;
  const probabilities = [];
  for (const it of [classifier, { ...classifier, info }]) {
    const [face] = await classifyFaces(it, photo, [box]);
    const { probability } = await classifyCrop(it, GROUP, { box });
    assertAlmostEquals(probability, face!.probability, 1e-3);
    probabilities.push(probability);
  }
  assertEquals(probabilities[0], probabilities[1]);
  const tight = { ...classifier, info: { ...info, margin: 0 } };
  assertNotEquals((await classifyCrop(tight, GROUP, { box })).probability, probabilities[0]);
});

Deno.test("the detector leaves no tensor behind", async () => {
  await assertNoLeak(() => detectMasks(detector, classifier, GROUP));
  await assertNoLeak(async () => (await loadDetector()).dispose());
});
