/** Explains predictions by heat maps over the photos (Grad-CAM). */
import type { LayersModel, SymbolicTensor, Tensor, Tensor4D } from "@tensorflow/tfjs-node";
import { scaleImages, unscaleImages } from "../model/batches.ts";
import { tf } from "../engine/tensorflow.ts";
import { installKernels } from "../engine/kernels.ts";
import type { PixelSet } from "../photo.ts";

/** The share of the photo that stays visible at the maximum of the heat map. */
const PHOTO_SHARE = 0.45;

/**
 * Draws a heat map over each photo that shows the evidence for the predicted class: from transparent through red
 * to yellow at the maximum.
 *
 * Source: Selvaraju et al., 2017, Grad-CAM, equations 1 and 2, https://arxiv.org/abs/1610.02391: the last
 * convolution's features, weighted by the mean gradient of the class's logit.
 *
 * @param model A chain of layers that ends in a dense one, as `buildCnn` and `buildTransferModel` make; left
 * unchanged.
 * @param indices Indices in the set.
 * @returns a set of these photos only, in this order
 * @throws {RangeError} if an index is outside the set
 * @throws {TypeError} if the model has no convolution
 * @example
 * ```ts
 * import { explainPredictions } from "./grad_cam.ts";
 * import { buildCnn } from "../model/cnn.ts";
 *
 * const model = buildCnn({ size: 32 });
 * const images = { size: 32, pixels: new Uint8Array(2 * 32 * 32 * 3).fill(100) };
 * console.log(explainPredictions(model, images, [1]).pixels.length); // 3072
 * model.dispose();
 * ```
 */
export function explainPredictions(
  model: LayersModel,
  images: PixelSet,
  indices: readonly number[],
): PixelSet {
  const { size } = images;
  const pixels = new Uint8Array(indices.length * size * size * 3);
  installKernels();
  const { toFeatures, toLogits } = cutModel(model);
  indices.forEach((index, row) => {
    tf.tidy(() => {
      const photo = scaleImages(images, [index]);
      const heat = findHeat(toFeatures(photo), toLogits, size);
      const strength = tf.mul(heat, 1 - PHOTO_SHARE);
      const colour = tf.concat([heat, tf.square(heat), tf.zerosLike(heat)], 3);
      const mixed = tf.add(tf.mul(photo, tf.sub(1, strength)), tf.mul(colour, strength));
      pixels.set(unscaleImages(mixed as Tensor4D).pixels, row * size * size * 3);
    });
  });
  return { size, pixels };
}

/** Computes the heat map of the predicted class, `[1, size, size, 1]` in 0..1. */
function findHeat(features: Tensor4D, toLogits: (x: Tensor) => Tensor, size: number): Tensor4D {
  const logits = toLogits(features).dataSync();
  const sigmoid = logits.length === 1;
  const label = logits.indexOf(Math.max(...logits));
  // A single logit is that of the second class; its negative is that of the first.
  const score = (x: Tensor) =>
    sigmoid
      ? tf.mul(tf.sum(toLogits(x)), logits[0]! >= 0 ? 1 : -1)
      : tf.sum(tf.slice(toLogits(x), [0, label], [1, 1]));
  const gradient = tf.grad(score)(features);
  const weights = tf.mean(gradient, [1, 2], true);
  const heat = tf.relu(tf.sum(tf.mul(features, weights), 3, true)) as Tensor4D;
  const resized = tf.image.resizeBilinear(heat, [size, size], false, true);
  return tf.div(resized, tf.maximum(tf.max(resized), 1e-9));
}

/** Cuts the model in two: up to the last convolution, and from there to the logits. */
function cutModel(model: LayersModel) {
  const last = model.layers.findLastIndex((layer) => /Conv2D$/.test(layer.getClassName()));
  if (last < 0) throw new TypeError(`model must have a convolution, got none in ${model.name}`);
  const output = model.layers[last]!.output as SymbolicTensor;
  const lower = tf.model({ inputs: model.inputs, outputs: output });
  const head = model.layers.slice(last + 1, -1);
  const [kernel, bias] = model.layers.at(-1)!.getWeights();
  return {
    toFeatures: (photo: Tensor4D) => lower.apply(photo) as Tensor4D,
    toLogits: (features: Tensor) => {
      const hidden = head.reduce((x, layer) => layer.apply(x) as Tensor, features);
      return tf.add(tf.matMul(hidden as Tensor4D, kernel!), bias!);
    },
  };
}
