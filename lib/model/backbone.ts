/** The layers that transfer starts from: a MobileNet v1 that has learned to see faces. */
import type { NamedTensorMap, Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-node";
import { findPackage, readFile, readJson } from "../engine/package_files.ts";
import { tf } from "../engine/tensorflow.ts";

/** A convolution and its bias, for -1..1 and a ReLU after it. */
export interface BackboneLayer {
  kind: "full" | "depthwise";
  /** `[rows, columns, from, to]`, or `[rows, columns, channels, 1]` where it is depthwise. */
  filters: Tensor4D;
  bias: Tensor1D;
  stride: 1 | 2;
}

/** The package that the weights come with, and the file in it that describes them. */
const PACKAGE = "@vladmandic/face-api";
const MANIFEST = "model/ssd_mobilenetv1_model-weights_manifest.json";
/** The variance's floor in the network's batch normalization. */
const EPSILON = 0.0010000000474974513;
/** Depthwise layers that halve the grid, by their number from 1. */
const HALVING = [2, 4, 6, 12];

/**
 * Reads the weights of the package's face detector, an SSD on MobileNet v1 trained on WIDER FACE.
 *
 * @returns tensors by name, which the caller disposes
 * @throws {Error} if a file is missing or damaged
 */
export async function readBackboneWeights(): Promise<NamedTensorMap> {
  const manifest = new URL(MANIFEST, findPackage(PACKAGE));
  const [{ paths: [name], weights }] = await readJson(manifest) as [
    { paths: [string]; weights: Parameters<typeof tf.io.decodeWeights>[1] },
  ];
  const { buffer } = await readFile(new URL(name, manifest));
  return tf.io.decodeWeights(buffer, weights);
}

/**
 * Lists the first layers of the backbone: a convolution, then pairs of a depthwise and a pointwise one,
 * each batch normalization folded into its convolution.
 *
 * @param weights As {@linkcode readBackboneWeights} gives them; stay the caller's.
 * @param blocks How many pairs.
 * @returns tensors that the `tf.tidy` around disposes
 */
export function listBackboneLayers(weights: NamedTensorMap, blocks: number): BackboneLayer[] {
  const take = <T extends Tensor>(name: string) => weights[`MobilenetV1/Conv2d_${name}`] as T;
  const full = (block: number, stride: 1 | 2): BackboneLayer => ({
    kind: "full",
    filters: take(`${block}_pointwise/weights`),
    bias: take(`${block}_pointwise/convolution_bn_offset`),
    stride,
  });
  const depthwise = (block: number): BackboneLayer => {
    const norm = (part: string) => take<Tensor1D>(`${block}_depthwise/BatchNorm/${part}`);
    const factor = tf.mul(norm("gamma"), tf.rsqrt(tf.add(norm("moving_variance"), EPSILON)));
    const filters = take<Tensor4D>(`${block}_depthwise/depthwise_weights`);
    return {
      kind: "depthwise",
      filters: tf.mul(filters, tf.reshape(factor, [1, 1, -1, 1])),
      bias: tf.sub(norm("beta"), tf.mul(norm("moving_mean"), factor)),
      stride: HALVING.includes(block) ? 2 : 1,
    };
  };
  const pairs = Array.from({ length: blocks }, (_, i) => [depthwise(i + 1), full(i + 1, 1)]);
  return [full(0, 2), ...pairs.flat()];
}
