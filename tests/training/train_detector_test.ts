import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { decodePhoto } from "../../lib/images/decode_image.ts";
import { seededRandom } from "../../lib/random.ts";
import { buildCenterFace, startFromOnnx } from "../../lib/training/center_face.ts";
import { cutCrop } from "../../lib/training/detector_crops.ts";
import { drawTargets } from "../../lib/training/detector_targets.ts";
import { saveDetector, trainDetector } from "../../lib/training/train_detector.ts";
import { GROUP, toBoxes } from "../fixtures/group_photos.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";

const SHIPPED = join(import.meta.dirname!, "../../models/face-detector");
const OPTIONS = { side: 64, batchSize: 2, epochs: 2 };

/** Three people. */
const FACES = toBoxes([[425, 370, 150, 190], [845, 400, 160, 210], [1490, 200, 160, 210]])
  .map((box) => ({ box, isIgnored: false }));
const PHOTOS = [{ file: GROUP, faces: FACES }, { file: GROUP, faces: FACES }];

/** The shipped network, as a model that can be trained. */
async function makeModel(): Promise<LayersModel> {
  const json = JSON.parse(await Deno.readTextFile(join(SHIPPED, "model.json")));
  const { buffer } = await Deno.readFile(join(SHIPPED, "weights.bin"));
  const model = buildCenterFace();
  const named = tf.io.decodeWeights(buffer, json.weightsManifest[0].weights);
  model.loadWeights(named);
  tf.dispose(named);
  return model;
}

Deno.test("drawTargets() puts a peak at a face's centre, and judges nothing where it is ignored", () => {
  const content = { width: 96, height: 96 };
  const face = { left: 20, top: 28, width: 20, height: 24 };
  const { heat, mask, centres, sizes, offsets } = drawTargets(
    [
      { box: face, isIgnored: false },
      { box: { left: 64, top: 64, width: 12, height: 12 }, isIgnored: true },
      { box: { left: 64, top: 0, width: 4, height: 4 }, isIgnored: false },
    ],
    content,
    128,
  );
  const cell = 10 * 32 + 7; // of 40 / 4 and 30 / 4
  assertEquals(centres.indexOf(1), cell);
  assertEquals(centres.reduce((a, b) => a + b), 1);
  assertEquals(heat[cell], 1);
  // The deviation is 0.1 * sqrt(480) / 4 = 0.5477 cells.
  assertAlmostEquals(heat[cell + 1]!, Math.exp(-1 / (2 * 0.01 * 480 / 16)), 1e-6);
  assertAlmostEquals(sizes[2 * cell]!, Math.log(6), 1e-6);
  assertAlmostEquals(sizes[2 * cell + 1]!, Math.log(5), 1e-6);
  assertEquals([...offsets.subarray(2 * cell, 2 * cell + 2)], [-0.5, 0]);
  assertEquals([mask[16 * 32 + 16], mask[0 * 32 + 16], mask[cell]], [0, 0, 1]);
  assertEquals(mask.filter((value) => value === 0).length, 9 + 1);
});

Deno.test("cutCrop() gives the same crop for the same numbers, with its faces in place", async () => {
  const cut = () => cutCrop(PHOTOS[0]!, 128, seededRandom(5));
  const crop = await cut();
  assertEquals(crop.pixels.length, 3 * 128 * 128);
  assertEquals(await cut(), crop);
  const other = await cutCrop(PHOTOS[0]!, 128, seededRandom(6));
  assert(other.pixels.some((value, i) => value !== crop.pixels[i]));
});

Deno.test("trainDetector() trains all layers, gives the same for the same seed, and leaves no tensor", async () => {
  const start = await makeModel();
  const read = (model: LayersModel) => model.getWeights().map((weight) => weight.dataSync());
  const before = read(start);
  const train = async (seed: number) => {
    const model = await makeModel();
    await assertNoLeak(() => trainDetector(model, PHOTOS, { ...OPTIONS, seed }));
    const weights = read(model);
    model.dispose();
    return weights;
  };
  const first = await train(1);
  first.forEach((values, i) => {
    assert(values.every(Number.isFinite));
    if (values.length > 1000) assert(values.some((value, j) => value !== before[i]![j]), `${i}`);
  });
  assertEquals(await train(1), first);
  assert((await train(2)).some((values, i) => values.some((value, j) => value !== first[i]![j])));
  start.dispose();
});

Deno.test("trainDetector() refuses bad options, and stops at the signal", async () => {
  const model = await makeModel();
  for (
    const [options, message] of [
      [{ side: 100 }, "side must be a multiple of 32 pixels, got 100"],
      [{ batchSize: 9 }, "photos must be at least batchSize (9), got 2"],
    ] as const
  ) {
    await assertRejects(() => trainDetector(model, PHOTOS, options), RangeError, message);
  }
  const signal = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => trainDetector(model, PHOTOS, { ...OPTIONS, signal }), Error, "stop");
  model.dispose();
});

Deno.test("saveDetector() saves what loadDetector() reads", async () => {
  await withFolder(async (folder) => {
    const model = await makeModel();
    await saveDetector(model, folder, { trainedOn: "photos" });
    model.dispose();
    const [saved, shipped] = [await loadDetector(folder), await loadDetector()];
    const photo = await decodePhoto(GROUP);
    assertEquals(await findFaces(saved, photo), await findFaces(shipped, photo));
    saved.dispose();
    shipped.dispose();
  });
});

Deno.test("startFromOnnx() refuses what is not CenterFace", () => {
  for (const bytes of [new Uint8Array(), new TextEncoder().encode("no network")]) {
    assertThrows(() => startFromOnnx(bytes), TypeError, "ONNX file");
  }
});
