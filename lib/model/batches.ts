/** Makes batches: scales photos to floats, encodes labels, and shuffles epochs. */
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { bytesToFloats } from "../engine/native_ops.ts";
import { seededRandom, shuffle } from "../random.ts";
import type { ClassName, ImageSet } from "../types.ts";
import { countPhotos, type PixelSet, viewPixels } from "../photo.ts";

/** The inputs of a model and the expected outputs. The caller disposes both. */
export interface Batch {
  /** Photos, `[n, size, size, 3]` float32 RGB in 0..1. */
  x: Tensor4D;
  /** Labels, float32: `[n, 1]` of 0 or 1 for two classes, `[n, classes]` one-hot for more. */
  y: Tensor2D;
}

/**
 * Scales the photos at `indices` to floats in 0..1.
 *
 * @returns `[n, size, size, 3]` float32 RGB in 0..1; the caller disposes it
 * @throws {RangeError} if an index is outside the set
 * @example
 * ```ts
 * import { scaleImages } from "./batches.ts";
 *
 * const x = scaleImages({ size: 1, pixels: Uint8Array.of(0, 51, 255) }, [0]);
 * x.print(); // [[[[0, 0.2, 1]]]]
 * x.dispose();
 * ```
 */
export function scaleImages(images: PixelSet, indices: readonly number[]): Tensor4D {
  const { size } = images, count = countPhotos(images);
  for (const index of indices) {
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new RangeError(`index must be in 0..${count - 1}, got ${index}`);
    }
  }
  return bytesToFloats(gather(images, indices), [indices.length, size, size, 3], 255) as Tensor4D;
}

/** Gathers the bytes of these photos; consecutive photos are not copied. */
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
 * Converts floats back to a set of bytes, for example to show the output of `augmentBatch`.
 *
 * @param x `[n, size, size, 3]` float32 RGB in 0..1; left unchanged
 * @example
 * ```ts
 * import { scaleImages, unscaleImages } from "./batches.ts";
 *
 * const x = scaleImages({ size: 1, pixels: Uint8Array.of(0, 51, 255) }, [0]);
 * console.log(unscaleImages(x).pixels); // 0, 51, 255
 * x.dispose();
 * ```
 */
export function unscaleImages(x: Tensor4D): PixelSet {
  const bytes = tf.tidy(() => tf.round(tf.mul(tf.clipByValue(x, 0, 1), 255)).dataSync());
  return { size: x.shape[1], pixels: Uint8Array.from(bytes) };
}

/**
 * Reads the numeric labels of the photos at `indices`.
 *
 * @returns `[n]` indices in `classes`
 * @throws {RangeError} if a sample's class is not one of `classes`
 * @example
 * ```ts
 * import { toLabels } from "./batches.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const samples = [{ file: "1.jpg", className: "with_mask" as const }];
 * const images = { size: 1, pixels: new Uint8Array(3), samples, unreadable: [] };
 * console.log(toLabels(images, [0], CLASSES.binary)); // [1]
 * ```
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
      throw new RangeError(
        `the label of ${file} must be one of ${classes.join(", ")}, got ${className}`,
      );
    }
    return label;
  });
}

/**
 * Makes one batch of the photos at `indices` and their labels.
 *
 * @throws {RangeError} if an index is outside the set, or a sample's class is not one of `classes`
 * @example
 * ```ts
 * import { makeBatch } from "./batches.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const samples = [{ file: "1.jpg", className: "with_mask" as const }];
 * const images = { size: 32, pixels: new Uint8Array(32 * 32 * 3), samples, unreadable: [] };
 * const { x, y } = makeBatch(images, [0], CLASSES.binary);
 * console.log(x.shape, y.shape); // [1, 32, 32, 3] [1, 1]
 * x.dispose();
 * y.dispose();
 * ```
 */
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
 * Splits an epoch into shuffled batches. The order depends on the seed and the epoch; the last batch can be
 * smaller.
 *
 * @throws {RangeError} if `batchSize` is not a positive integer
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

/** Splits items into chunks of `size`, in order; the last chunk can be smaller. */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`batchSize must be a positive integer, got ${size}`);
  }
  return Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );
}
