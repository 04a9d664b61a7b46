import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { decodeCenters } from "../../lib/detection/decode_centers.ts";
import { loadDetector } from "../../lib/detection/detector.ts";
import { readNetwork } from "../../lib/detection/read_network.ts";
import { installKernels } from "../../lib/engine/kernels.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";

const FOLDER = join(import.meta.dirname!, "../../models/face-detector");

/** What `python tests/detection/center_reference.py centerface.onnx models/face-detector` prints. */
const REFERENCE = [
  { size: 384, sum: 1.3010938167572021, some: [0.003286, 0.007198, 0.003607, 0.002619, 0.002014] },
  { size: 768, sum: 2307.444091796875, some: [2.299427, 2.823807, 3.083813, 4.138683, 3.272198] },
  {
    size: 768,
    sum: -18.519317626953125,
    some: [0.09903, 0.015138, -0.037387, 0.093007, -0.182376],
  },
];

/** The layers, as the network runs them. */
async function readLayers(): Promise<LayersModel> {
  let layers!: LayersModel;
  const models = {
    ...tf.models,
    modelFromJSON: async (json: never) => layers = await tf.models.modelFromJSON(json),
  };
  await readNetwork(
    { dispose: tf.dispose, io: tf.io, models } as never,
    pathToFileURL(`${FOLDER}/`),
  );
  return layers;
}

Deno.test("the detector's layers give what ONNX Runtime gives, with our kernels and without", async () => {
  const layers = await readLayers();
  const values = Float32Array.from({ length: 64 * 96 * 3 }, (_, i) => i * 7919 % 256);
  for (const enabled of [true, false]) {
    installKernels({ enabled });
    const outputs = tf.tidy(() =>
      (layers.predict(tf.tensor4d(values, [1, 64, 96, 3])) as Tensor[])
        .map((output) => output.dataSync<"float32">())
    );
    for (const [i, { size, sum, some }] of REFERENCE.entries()) {
      const output = outputs[i]!;
      assertEquals(output.length, size);
      assertAlmostEquals(output.reduce((a, b) => a + b, 0), sum, 2e-3);
      some.forEach((value, j) => {
        assertAlmostEquals(output[j * Math.floor(size / 5)]!, value, 1e-4);
      });
    }
  }
  installKernels();
  layers.dispose();
});

Deno.test("decodeCenters() reads sizes, offsets and scores of cells of 4 pixels", () => {
  const heat = Float32Array.of(0.1, 0.8, NaN, 0.3);
  const sizes = Float32Array.of(0, 0, Math.log(5), Math.log(3), 0, 0, 0, 0);
  const offsets = Float32Array.of(0, 0, 0.25, -0.5, 0, 0, 0, 0);
  const boxes = decodeCenters({ columns: 2, heat, sizes, offsets }, 0.5);
  assertEquals(boxes.length, 1);
  const [{ left, top, width, height }] = boxes as [typeof boxes[number]];
  assertAlmostEquals(height, 20, 1e-5);
  assertAlmostEquals(width, 12, 1e-5);
  assertAlmostEquals(left + width / 2, 4 * (1.5 - 0.5), 1e-5);
  assertAlmostEquals(top + height / 2, 4 * (0.5 + 0.25), 1e-5);
});

Deno.test("loadDetector() refuses files that are missing or damaged, and leaves no tensor behind", async () => {
  await withFolder(async (folder) => {
    const isRefused = () =>
      assertNoLeak(() => assertRejects(() => loadDetector(folder), Deno.errors.InvalidData));
    await isRefused();
    const read = (name: string) => Deno.readFile(join(FOLDER, name));
    await Deno.writeFile(join(folder, "model.json"), await read("model.json"));
    await isRefused();
    const weights = await read("weights.bin");
    await Deno.writeFile(join(folder, "weights.bin"), weights.subarray(0, 1000));
    await isRefused();
    weights[5000]! ^= 1;
    await Deno.writeFile(join(folder, "weights.bin"), weights);
    await assertRejects(() => loadDetector(folder), Deno.errors.InvalidData, "SHA-256");
    await Deno.writeTextFile(join(folder, "model.json"), "[]");
    await isRefused();
  });
});
