/** Seeded changes to a batch of training photos, never to those of validation or test. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "./engine.ts";
import type { Random } from "./types.ts";

/**
 * Cuts a part out of each photo, at a random place, and enlarges it to the photo's size; about half of
 * them are mirrored. A face with its mask stays one, and the network never sees quite the same photo twice.
 *
 * @param x `[n, height, width, channels]` float32; is left as it is
 * @param smallest The least side of a part, as a share of the photo's, in 0 < smallest <= 1. @default 0.85
 * @returns the same shape and dtype; the caller disposes it
 * @throws {RangeError} if `smallest` is out of its range
 * @example
 * ```ts
 * import { augmentBatch } from "./augment.ts";
 * import { tf } from "./engine.ts";
 * import { seededRandom } from "./random.ts";
 *
 * const x = tf.ones([2, 8, 8, 3]) as Parameters<typeof augmentBatch>[0];
 * console.log(augmentBatch(x, seededRandom(1)).shape);
 * ```
 */
export function augmentBatch(
  x: Tensor4D,
  random: Random,
  { smallest = 0.85 }: { smallest?: number } = {},
): Tensor4D {
  if (!(smallest > 0 && smallest <= 1)) {
    throw new RangeError(`smallest must be in 0 < smallest <= 1, got ${smallest}`);
  }
  const [n, height, width] = x.shape;
  const parts = Array.from({ length: n }, () => {
    const side = smallest + (1 - smallest) * random();
    const [top, left] = [(1 - side) * random(), (1 - side) * random()];
    const [right, bottom] = [left + side, top + side];
    // A box whose sides are swapped gives its part mirrored.
    return random() < 0.5 ? [top, left, bottom, right] : [top, right, bottom, left];
  });
  return tf.tidy(() => {
    const places = tf.range(0, n, 1, "int32");
    return tf.image.cropAndResize(
      x,
      tf.tensor2d(parts, [n, 4]),
      places,
      [height, width],
      "bilinear",
    );
  });
}
