/** Seeded changes to a batch of training photos, never to those of validation or test. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { recolour } from "./augment/colour.ts";
import { coverByHeads } from "./augment/cover_by_heads.ts";
import { cutOut } from "./augment/cut_out.ts";
import { compress } from "./augment/jpeg.ts";
import { relight } from "./augment/light.ts";
import { blur, onSome } from "./augment/some.ts";
import { warp } from "./augment/warp.ts";
import { tf } from "../engine/tensorflow.ts";
import type { Random } from "../types.ts";

/** How far photos are changed. All zeros change nothing. */
export interface AugmentOptions {
  /** Share of the photos that are mirrored. @default 0.5 */
  mirror?: number;
  /** Turned by at most this many degrees to either side. @default 12 */
  rotation?: number;
  /** Enlarged or reduced by at most this share, and by a third of it in height alone. @default 0.2 */
  zoom?: number;
  /** Moved by at most this share of the side, each way. @default 0.08 */
  shift?: number;
  /** Brightness, contrast, saturation and the balance of the channels, in 0..1. @default 0.35 */
  colour?: number;
  /** Share that loses detail, as if it had been a small photo. @default 0.3 */
  blur?: number;
  /** Share that is compressed as JPEG does. @default 0.25 */
  jpeg?: number;
  /** Share that loses a rectangle. @default 0.25 */
  cutOut?: number;
  /** Share that is turned by up to 105 degrees instead, as a lying face is. @default 0 */
  lying?: number;
  /** Share that is half covered by the head of another person. @default 0 */
  heads?: number;
  /** Share with coloured light, deep shadow and another gamma. @default 0 */
  light?: number;
}

/** The defaults: a face with its mask stays one. */
export const AUGMENTATION: Readonly<Required<AugmentOptions>> = {
  mirror: 0.5,
  rotation: 12,
  zoom: 0.2,
  shift: 0.08,
  colour: 0.35,
  blur: 0.3,
  jpeg: 0.25,
  cutOut: 0.25,
  lying: 0,
  heads: 0,
  light: 0,
};

/**
 * Changes each photo at random: mirrored, turned, moved and resized, then in its colours; some of them
 * are covered by another head, lit anew, lose detail, are compressed, or lose a rectangle. The network never sees quite the same photo twice.
 *
 * @param x `[n, height, width, 3]` float32 RGB in 0..1; is left as it is
 * @param random Decides everything: the same numbers give the same photos.
 * @returns the same shape, dtype and range; the caller disposes it
 * @throws {RangeError} if an option is out of its range
 * @example
 * ```ts
 * import { augmentBatch } from "./augment.ts";
 * import { tf } from "../engine/tensorflow.ts";
 * import { seededRandom } from "../random.ts";
 *
 * const x = tf.ones([2, 8, 8, 3]) as Parameters<typeof augmentBatch>[0];
 * console.log(augmentBatch(x, seededRandom(1)).shape);
 * ```
 */
export function augmentBatch(
  x: Tensor4D,
  random: Random,
  options: AugmentOptions = {},
): Tensor4D {
  const all = { ...AUGMENTATION, ...options };
  for (const [name, value] of Object.entries(all)) {
    const largest = name === "rotation" ? 180 : name === "zoom" ? 0.9 : 1;
    if (!(value >= 0 && value <= largest)) {
      throw new RangeError(`${name} must be in 0..${largest}, got ${value}`);
    }
  }
  return tf.tidy(() => {
    const warped = warp(x, random, all);
    const covered = coverByHeads(warped, random, all.heads);
    const lit = onSome(covered, random, all.light, relight);
    const coloured = recolour(lit, random, all.colour);
    const blurred = onSome(coloured, random, all.blur, blur);
    const compressed = onSome(blurred, random, all.jpeg, compress);
    return cutOut(compressed, random, all.cutOut);
  });
}
