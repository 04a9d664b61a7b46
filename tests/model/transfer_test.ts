import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { LayersModel, NamedTensorMap, Tensor, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildTransferModel, type TransferOptions } from "../../lib/model/transfer.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const SMALL = { size: 32, blocks: 2 };

async function withModel<T>(
  options: TransferOptions,
  use: (model: LayersModel) => T | Promise<T>,
): Promise<T> {
  const model = await buildTransferModel(options);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

/** The tensors of the package, read as tfjs reads a model's. */
async function readPackage(): Promise<NamedTensorMap> {
  const start = import.meta.resolve("@vladmandic/face-api/model/ssd_mobilenetv1_model");
  const read = (ending: string) => Deno.readFile(fileURLToPath(`${start}${ending}`));
  const [{ weights }] = JSON.parse(new TextDecoder().decode(await read("-weights_manifest.json")));
  return tf.io.decodeWeights((await read(".bin")).buffer, weights);
}

/** The backbone as it was trained, layer by layer, but with ReLU: nothing is folded. */
function computeFeatures(x: Tensor4D, blocks: number, weights: NamedTensorMap): Tensor4D {
  const take = (name: string) => weights[`MobilenetV1/Conv2d_${name}`] as Tensor4D;
  // What lies outside the photo is black: -1. Stride 2 and "same" look one pixel beyond it.
  const black = tf.sub(tf.mul(tf.pad4d(x, [[0, 0], [0, 1], [0, 1], [0, 0]]), 2), 1) as Tensor4D;
  const offset = (block: number) => take(`${block}_pointwise/convolution_bn_offset`);
  const first = tf.conv2d(black, take("0_pointwise/weights"), 2, "valid");
  let y = tf.relu(tf.add(first, offset(0))) as Tensor4D;
  for (let block = 1; block <= blocks; block++) {
    const strides = [2, 4, 6, 12].includes(block) ? 2 : 1;
    const part = `${block}_depthwise/`;
    const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"]
      .map((name) => take(`${part}BatchNorm/${name}`)) as [Tensor, Tensor, Tensor, Tensor];
    const deep = tf.depthwiseConv2d(y, take(`${part}depthwise_weights`), strides, "same");
    const scaled = tf.mul(tf.div(tf.sub(deep, mean), tf.sqrt(tf.add(variance, 0.001))), gamma);
    const wide = tf.relu(tf.add(scaled, beta)) as Tensor4D;
    const point = tf.conv2d(wide, take(`${block}_pointwise/weights`), 1, "same");
    y = tf.relu(tf.add(point, offset(block)));
  }
  return y;
}

Deno.test("buildTransferModel() has the features of the detector's own layers", async () => {
  await assertNoLeak(async () => {
    const weights = await readPackage();
    for (const [blocks, size] of [[1, 32], [5, 64], [13, 96]] as const) {
      await withModel({ blocks, size }, (model) =>
        tf.tidy(() => {
          const x = tf.randomUniform([2, size, size, 3], 0, 1, "float32", 1) as Tensor4D;
          const pooling = model.layers.find((layer) =>
            layer.getClassName() === "GlobalAveragePooling2D"
          )!;
          const backbone = tf.model({ inputs: model.inputs, outputs: pooling.input });
          const actual = backbone.predict(x) as Tensor;
          const expected = computeFeatures(x, blocks, weights);
          assertEquals(actual.shape, expected.shape);
          const difference = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!;
          const largest = tf.max(expected).dataSync()[0]!;
          assert(largest > 0.1, "the features are not all 0");
          assertLess(difference / largest, 1e-4, `${blocks} blocks`);
        }));
    }
    tf.dispose(weights);
  });
});

Deno.test("buildTransferModel() takes and gives what buildCnn() does", async () => {
  // Howard et al., 2017, table 1: channels and, at 128 pixels, the side after each block.
  for (
    const [options, input, features, output] of [
      [{}, 128, [8, 512], 1],
      [{ ...SMALL, classes: 3 }, 32, [8, 128], 3],
      [{ blocks: 13, size: 96, classes: 2 }, 96, [3, 1024], 1],
    ] as const
  ) {
    await withModel(options, (model) => {
      assertEquals(model.inputs[0]!.shape, [null, input, input, 3]);
      assertEquals(model.outputs[0]!.shape, [null, output]);
      const [side, channels] = features;
      assertEquals(model.layers.at(-4)!.outputShape, [null, side, side, channels]);
      const last = model.layers.at(-1)!.getConfig().activation;
      assertEquals(last, output === 1 ? "sigmoid" : "softmax");
      assertEquals(model.trainableWeights.length, model.weights.length);
      tf.tidy(() => {
        const y = model.predict(tf.zeros([2, input, input, 3])) as Tensor;
        assert(y.dataSync().every((p) => p > 0 && p < 1));
      });
    });
  }
});

Deno.test("buildTransferModel() repeats itself for a seed; another changes only the last layer", async () => {
  const read = (seed: number) =>
    withModel({ ...SMALL, seed }, (model) =>
      tf.tidy(() => {
        const x = tf.ones([2, 32, 32, 3]);
        // Two calls: the dropout's masks are drawn anew for each.
        const outputs = [1, 2].map(() => (model.apply(x, { training: true }) as Tensor).dataSync());
        return { weights: model.getWeights().map((weight) => weight.dataSync()), outputs };
      }));
  const [a, again, other] = [await read(7), await read(7), await read(8)];
  assertEquals(a, again);
  assertEquals(a.weights.slice(0, -2), other.weights.slice(0, -2));
  assertNotEquals(a.weights.at(-2), other.weights.at(-2));
});

Deno.test("buildTransferModel() keeps no tensor but its own weights", async () => {
  const before = tf.memory().numTensors;
  const model = await buildTransferModel(SMALL);
  assertEquals(tf.memory().numTensors - before, model.weights.length);
  model.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("buildTransferModel() refuses what does not fit", async () => {
  for (
    const [options, message] of [
      [{ size: 0 }, "size must be a multiple of 32 pixels, got 0"],
      [{ size: 100 }, "got 100"],
      [{ size: NaN }, "got NaN"],
      [{ classes: 1 }, "classes must be an integer of at least 2, got 1"],
      [{ classes: 2.5 }, "got 2.5"],
      [{ blocks: 0 }, "blocks must be an integer in 1..13, got 0"],
      [{ blocks: 14 }, "got 14"],
      [{ dropout: 1 }, "dropout must be in 0 <= dropout < 1, got 1"],
      [{ dropout: NaN }, "got NaN"],
    ] as [TransferOptions, string][]
  ) {
    await assertNoLeak(() => assertRejects(() => buildTransferModel(options), RangeError, message));
  }
});
