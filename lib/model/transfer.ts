/** Builds a network from the pretrained backbone of a face detector. */
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { type BackboneLayer, listBackboneLayers, readBackboneWeights } from "./backbone.ts";
import { seededDropout } from "./cnn.ts";

/** Options of {@linkcode buildTransferModel}. */
export interface TransferOptions {
  /** Side of the square input in pixels, a multiple of 32. @default 128 */
  size?: number;
  /** 2 for one sigmoid unit, more for a softmax. @default 2 */
  classes?: number;
  /** Number of blocks of the backbone, 1 to 13. @default 11 */
  blocks?: number;
  /** Share of the features dropped in training. @default 0.2 */
  dropout?: number;
  /** Seed of the initial weights of the last layer, and of the dropout. @default 42 */
  seed?: number;
}

/**
 * Builds a MobileNet with the initial weights of a face detector, and a new head: global average pooling,
 * dropout, dense. Train all layers, at a low learning rate.
 *
 * Input and output are those of {@linkcode buildCnn}. The caller disposes the model.
 *
 * The weights are read from the installed package `@vladmandic/face-api` (MIT), whose face detector is an SSD with
 * a MobileNet v1. Batch normalization is folded into filters and biases. So is the scaling from 0..1 to the -1..1
 * that they expect: padding then counts as black. ReLU replaces ReLU6: it trains as well, and faster.
 *
 * Source: Howard et al., 2017, MobileNets, table 1, https://arxiv.org/abs/1704.04861
 *
 * @throws {RangeError} if `size`, `classes`, `blocks` or `dropout` is out of range
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
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`dropout must be in 0 <= dropout < 1, got ${rate}`);
  }
  const weights = await readBackboneWeights();
  try {
    let model!: LayersModel;
    tf.tidy(() => {
      const input = tf.input({ shape: [size, size, 3] });
      const layers = listLayers(listBackboneLayers(weights, blocks));
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

/** The layers as they are trained on, with their first weights. */
function listLayers([start, ...pairs]: BackboneLayer[]) {
  const { filters, bias } = start!;
  // The filters were trained on 2x - 1; these are the equivalent ones for x.
  const ofUnits = {
    ...start!,
    filters: tf.mul(filters, 2),
    bias: tf.sub(bias, tf.sum(filters, [0, 1, 2])),
  };
  return [ofUnits, ...pairs].map(({ kind, stride, filters, bias }) => {
    const common = {
      kernelSize: filters.shape[0]!,
      strides: stride,
      padding: "same",
      activation: "relu",
    } as const;
    const layer = kind === "depthwise"
      ? tf.layers.depthwiseConv2d(common)
      : tf.layers.conv2d({ ...common, filters: filters.shape[3]! });
    return { layer, first: [filters, bias] };
  });
}
