/** From the bytes of a set's photos to the shuffled, scaled tensors of a batch. */
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { bytesToFloats } from "../engine/native_ops.ts";
import { seededRandom, shuffle } from "../random.ts";
import type { ClassName, ImageSet } from "../types.ts";
import { countPhotos, type PixelSet, viewPixels } from "../photo.ts";

/** What a model is given, and what it should answer. The caller disposes both. */
export interface Batch {
  /** Photos, `[n, size, size, 3]` float32 RGB in 0..1. */
  x: Tensor4D;
  /** Labels, float32: `[n, 1]` of 0 or 1 for two classes, `[n, classes]` one-hot for more. */
  y: Tensor2D;
}

/**
 * Scales the photos at `indices` to 0..1, so that only a batch of the set is ever held as floats.
 *
 * @returns `[n, size, size, 3]` float32 RGB in 0..1; the caller disposes it
 * @throws {RangeError} if an index is not one of the set's
 */
export function scaleImages(images: PixelSet, indices: readonly number[]): Tensor4D {
  const { size } = images, count = countPhotos(images);
  for (const index of indices) {
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new RangeError(`index ${index} is not one of the set's 0..${count - 1}`);
    }
  }
  return bytesToFloats(gather(images, indices), [indices.length, size, size, 3], 255) as Tensor4D;
}

/** The bytes of these photos, without a copy where they follow each other: predictions ask for such. */
function gather(images: PixelSet, indices: readonly number[]): Uint8Array {
  const [first = 0] = indices;
  if (indices.every((index, row) => index === first + row)) {
    return viewPixels(images, first, indices.length);
  }
  const length = images.size ** 2 * 3;
  const bytes = new Uint8Array(indices.length * length);
  indices.forEach((index, row) => bytes.set(viewPixels(images, index), row * length));
  return bytes;
}

/**
 * Makes a set of floats again, such as what `augmentBatch` gives: for people to look at.
 *
 * @param x `[n, size, size, 3]` float32 RGB in 0..1; is left as it is
 */
export function unscaleImages(x: Tensor4D): PixelSet {
  const bytes = tf.tidy(() => tf.round(tf.mul(tf.clipByValue(x, 0, 1), 255)).dataSync());
  return { size: x.shape[1], pixels: Uint8Array.from(bytes) };
}

/**
 * The numeric labels of the photos at `indices`: places in `classes`.
 *
 * @throws {RangeError} if a sample's class is not one of `classes`
 */
export function toLabels(
  images: ImageSet,
  indices: readonly number[],
  classes: readonly ClassName[],
): number[] {
  return indices.map((index) => {
    const { className, file } = images.samples[index]!;
    const label = classes.indexOf(className);
    if (label < 0) {
      throw new RangeError(`${file} is labelled ${className}, not one of ${classes.join(", ")}`);
    }
    return label;
  });
}

/** The photos at `indices` and their labels as one batch. */
export function makeBatch(
  images: ImageSet,
  indices: readonly number[],
  classes: readonly ClassName[],
): Batch {
  const labels = toLabels(images, indices, classes);
  const x = scaleImages(images, indices);
  const y = classes.length === 2
    ? tf.tensor2d(labels, [labels.length, 1], "float32")
    : tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), classes.length).toFloat() as Tensor2D);
  return { x, y };
}

/**
 * Cuts an epoch into batches, in an order that the seed and the epoch decide; the last may be smaller.
 *
 * @throws {RangeError} if `batchSize` is no positive integer
 * @example
 * ```ts
 * import { epochBatches } from "./batches.ts";
 *
 * console.log(epochBatches([5, 6, 7, 8, 9], { batchSize: 2, seed: 42, epoch: 0 }));
 * ```
 */
export function epochBatches(
  indices: readonly number[],
  { batchSize, seed, epoch }: { batchSize: number; seed: number; epoch: number },
): number[][] {
  const shuffled = shuffle(indices, seededRandom(seed + 1_000_003 * epoch));
  return chunk(shuffled, batchSize);
}

/** The items in order, `size` at a time; the last chunk may be smaller. */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`batchSize must be a positive integer, got ${size}`);
  }
  return Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );
}
