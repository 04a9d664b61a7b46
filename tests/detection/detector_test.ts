import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import sharp from "sharp";
import { correctBox } from "../../lib/detection/correct_box.ts";
import { decodeHeads } from "../../lib/detection/decode_heads.ts";
import type { FaceBox } from "../../lib/detection/face_network.ts";
import { mergeBoxes } from "../../lib/detection/merge_boxes.ts";
import { chooseRunLayer } from "../../lib/detection/native_layer.ts";
import { planPass, toPhoto } from "../../lib/detection/passes.ts";
import { FACE_API } from "../../lib/detection/read_weights.ts";
import { findPackage } from "../../lib/engine/package_files.ts";
import { makeRunLayer, runSsd } from "../../lib/detection/ssd.ts";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { classifyFaces, detectMasks } from "../../lib/inference/detect_masks.ts";
import { boxIou } from "../../lib/boxes.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { decodePhoto } from "../../lib/images/decode_image.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { classifyCrop } from "../../lib/model/predict_images.ts";
import { PREPROCESSING } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const require = createRequire(import.meta.url);
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

/** The detector's own package, on this engine. */
interface FaceApi {
  nets: { ssdMobilenetv1: { loadFromDisk(folder: string): Promise<void>; locateFaces: Locate } };
}
type Locate = (photo: unknown, options: { minConfidence: number; maxResults: number }) => Promise<
  { score: number; box: { left: number; top: number; width: number; height: number } }[]
>;

Deno.test("runSsd() gives what face-api gives", async () => {
  const plain = await loadDetector({ secondLook: false });
  const { nets: { ssdMobilenetv1: net } } = require("@vladmandic/face-api") as FaceApi;
  await net.loadFromDisk(fileURLToPath(new URL("model", findPackage(FACE_API))));
  const pixels = await sharp(GROUP).removeAlpha().resize(512, 512, { fit: "fill" }).raw()
    .toBuffer();
  const x = tf.tensor4d(Float32Array.from(pixels), [1, 512, 512, 3]);
  const expected = await net.locateFaces(x, { minConfidence: 0.5, maxResults: 100 });
  assert(expected.length >= 3);
  for (const runLayer of [makeRunLayer(tf), chooseRunLayer()]) {
    const boxes = decodeHeads(await runSsd(tf, plain.network.ssd, x, runLayer), 0.5);
    for (const { score, box: { left, top, width, height } } of expected) {
      const match = boxes.find((it) => Math.abs(it.score - score) < 1e-4)!;
      assert(boxIou(match, { left, top, width, height }) > 0.999);
    }
  }
  x.dispose();
});

Deno.test("planPass() fits the photo into whole cells", () => {
  assertEquals(planPass({ width: 400, height: 300 }, 512), {
    scale: 1.28,
    width: 512,
    height: 384,
    inputWidth: 512,
    inputHeight: 384,
  });
  const tall = planPass({ width: 1, height: 1000 }, 100);
  assertEquals([tall.width, tall.height, tall.inputWidth, tall.inputHeight], [1, 100, 64, 128]);
  assertThrows(() => planPass({ width: 4, height: 4 }, 0.5), RangeError, "1 pixel or more");
});

Deno.test("correctBox() moves and grows a box as people draw it, toPhoto() scales it", () => {
  const pass = planPass({ width: 256, height: 256 }, 512);
  const box = { left: 100, top: 100, width: 50, height: 50, score: 0.5 };
  const { left, top, width, height } = toPhoto(correctBox(box), pass);
  // At 50 x 50 pixels the centre moves by 20% of the height, the sides grow by exp(0.07) and exp(0.08).
  const close = (a: number, b: number) => Math.abs(a - b) < 1e-9;
  assert(close(left + width / 2, 62.5) && close(top + height / 2, 67.5));
  assert(close(width, 25 * Math.exp(0.07)) && close(height, 25 * Math.exp(0.08)));
});

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

Deno.test("detectMasks() gives nothing where there is no face", async () => {
  const grey = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: "#888" } }).png().toBuffer();
  for (const [width, height] of [[300, 200], [1, 1], [2000, 3]] as const) {
    assertEquals(await detectMasks(detector, classifier, await grey(width, height)), []);
  }
});

Deno.test("detectMasks() refuses bad options and what is no photo", async () => {
  for (const minScore of [0, 1, NaN]) {
    await assertRejects(() => detectMasks(detector, classifier, GROUP, { minScore }), RangeError);
  }
  await assertRejects(() => detectMasks(detector, classifier, GROUP, { sizes: [0] }), RangeError);
  await assertRejects(() => detectMasks(detector, classifier, "nowhere.jpg"), Deno.errors.NotFound);
  const text = new TextEncoder().encode("no photo");
  await assertRejects(() => detectMasks(detector, classifier, text), Deno.errors.InvalidData);
});

Deno.test("classifyFaces() refuses a box outside the photo", async () => {
  const photo = { width: 2, height: 2, pixels: new Uint8Array(12) };
  const box = { left: 5, top: 5, width: 2, height: 2 };
  await assertRejects(() => classifyFaces(classifier, photo, [box]), RangeError, "outside");
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
