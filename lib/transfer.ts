/** A better network than the walkthrough's: one that has seen faces before it sees masks. */
import type { LayersModel, NamedTensorMap, SymbolicTensor, Tensor } from "@tensorflow/tfjs-node";
import { fromFileUrl } from "@std/path";
import { tf } from "./engine.ts";
import { seededDropout } from "./model.ts";

const WEIGHTS = "@vladmandic/face-api/model/ssd_mobilenetv1_model";
/** The blocks that halve height and width. */
const HALVING = new Set([2, 4, 6, 12]);
/** What was added to the variance when the backbone was trained. */
const EPSILON = 0.001;

/** How the network is built. */
export interface TransferOptions {
  /** Side of the square input in pixels, a multiple of 32. @default 128 */
  size?: number;
  /** 2 for one sigmoid unit, more for a softmax. @default 2 */
  classes?: number;
  /** Blocks of the backbone that are taken, 1 to 13. @default 11 */
  blocks?: number;
  /** Share of the features left out in training. @default 0.2 */
  dropout?: number;
  /** For the first weights of the last layer and the dropout. @default 42 */
  seed?: number;
}

/**
 * Builds a MobileNet whose first weights are those of a face detector, with a new last layer: features
 * averaged over the photo, dropout, dense. All of it is meant to be trained on, at a low learning rate.
 *
 * Takes and gives what {@linkcode buildCnn} does. The caller disposes the model.
 *
 * The weights are read from the installed package `@vladmandic/face-api` (MIT), whose face detector is an
 * SSD with a MobileNet v1. Their batch normalization is folded into filters and biases, and so is the step
 * from 0..1 to the -1..1 that they expect; ReLU stands in for their ReLU6, which trains as well and faster.
 *
 * Source: Howard et al., 2017, MobileNets, table 1, https://arxiv.org/abs/1704.04861
 *
 * @throws {RangeError} if `size`, `classes` or `blocks` is out of its range
 * @example
 * ```ts
 * import { buildTransferModel } from "./transfer.ts";
 *
 * const model = await buildTransferModel({ blocks: 3, size: 64 });
 * console.log(model.countParams());
 * model.dispose();
 * ```
 */
export async function buildTransferModel(
  { size = 128, classes = 2, blocks = 11, dropout: rate = 0.2, seed = 42 }: TransferOptions = {},
): Promise<LayersModel> {
  if (!Number.isInteger(size) || size < 32 || size % 32 !== 0) {
    throw new RangeError(`size must be a multiple of 32 pixels, got ${size}`);
  }
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RangeError(`classes must be an integer of at least 2, got ${classes}`);
  }
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > 13) {
    throw new RangeError(`blocks must be an integer in 1..13, got ${blocks}`);
  }
  const weights = await readWeights();
  try {
    let model!: LayersModel;
    tf.tidy(() => {
      const input = tf.input({ shape: [size, size, 3] });
      const layers = listLayers(weights, blocks);
      const features = layers.reduce((x, { layer }) => layer.apply(x) as SymbolicTensor, input);
      const output = [
        tf.layers.globalAveragePooling2d({}),
        seededDropout({ rate, seed: seed + 1 }),
        tf.layers.dense({
          units: classes === 2 ? 1 : classes,
          activation: classes === 2 ? "sigmoid" : "softmax",
          kernelInitializer: tf.initializers.glorotUniform({ seed }),
        }),
      ].reduce((x, layer) => layer.apply(x) as SymbolicTensor, features);
      for (const { layer, first } of layers) layer.setWeights(first);
      model = tf.model({ inputs: input, outputs: output });
    });
    return model;
  } finally {
    tf.dispose(weights);
  }
}

/** The tensors of the package, by name; the caller disposes them. */
async function readWeights(): Promise<NamedTensorMap> {
  const read = (ending: string) =>
    Deno.readFile(fromFileUrl(import.meta.resolve(`${WEIGHTS}${ending}`)));
  const [{ weights }] = JSON.parse(
    new TextDecoder().decode(await read("-weights_manifest.json")),
  );
  return tf.io.decodeWeights((await read(".bin")).buffer, weights);
}

/** The backbone's layers with their first weights, filters and biases, in order. */
function listLayers(weights: NamedTensorMap, blocks: number) {
  const take = (name: string) => weights[`MobilenetV1/Conv2d_${name}`]!;
  const common = { padding: "same", activation: "relu" } as const;
  const pointwise = (block: number, first: Tensor[]) => ({
    layer: tf.layers.conv2d({
      ...common,
      filters: first[0]!.shape[3]!,
      kernelSize: first[0]!.shape[0]!,
      strides: block === 0 ? 2 : 1,
    }),
    first,
  });
  const depthwise = (block: number) => {
    const normalized = (name: string) => take(`${block}_depthwise/BatchNorm/${name}`);
    const scale = tf.div(
      normalized("gamma"),
      tf.sqrt(tf.add(normalized("moving_variance"), EPSILON)),
    );
    return {
      layer: tf.layers.depthwiseConv2d({
        ...common,
        kernelSize: 3,
        strides: HALVING.has(block) ? 2 : 1,
      }),
      first: [
        tf.mul(take(`${block}_depthwise/depthwise_weights`), tf.reshape(scale, [1, 1, -1, 1])),
        tf.sub(normalized("beta"), tf.mul(normalized("moving_mean"), scale)),
      ],
    };
  };
  const filter = take("0_pointwise/weights");
  const bias = (block: number) => take(`${block}_pointwise/convolution_bn_offset`);
  return [
    // Of 2x - 1, as it was trained, in terms of x.
    pointwise(0, [tf.mul(filter, 2), tf.sub(bias(0), tf.sum(filter, [0, 1, 2]))]),
    ...Array.from({ length: blocks }, (_, i) => i + 1).flatMap((block) => [
      depthwise(block),
      pointwise(block, [take(`${block}_pointwise/weights`), bias(block)]),
    ]),
  ];
}
