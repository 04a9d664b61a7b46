/** Augments batches of training photos at random, by a seed. */
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

/** The strength of the augmentation; 0 switches a change off. */
export interface AugmentOptions {
  /** Share of the photos that are mirrored. @default 0.5 */
  mirror?: number;
  /** The largest rotation, in degrees, to either side. @default 12 */
  rotation?: number;
  /** The largest scaling, as a share; a third of it is added in height only. @default 0.2 */
  zoom?: number;
  /** The largest shift, as a share of the side, in each direction. @default 0.08 */
  shift?: number;
  /** Strength of changes in brightness, contrast, saturation and channel balance, in 0..1. @default 0.35 */
  colour?: number;
  /** Share of the photos that are blurred, as if enlarged from a small photo. @default 0.3 */
  blur?: number;
  /** Share of the photos with JPEG compression losses. @default 0.25 */
  jpeg?: number;
  /** Share of the photos with an occluding rectangle. @default 0.25 */
  cutOut?: number;
  /** Share of the photos that are rotated by up to 105 degrees, like lying faces. @default 0 */
  lying?: number;
  /** Share of the photos with an occlusion by another person's head. @default 0 */
  heads?: number;
  /** Share of the photos with coloured light, deep shadow and another gamma. @default 0 */
  light?: number;
}

/** The defaults: they keep each face and its mask recognisable. */
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
 * Augments each photo at random: mirrors, rotates, shifts and scales it, then changes its colours. Some photos
 * also get an occlusion by a head, other light, blur, compression losses, or an occluding rectangle.
 *
 * @param x `[n, height, width, 3]` float32 RGB in 0..1; left unchanged
 * @param random The source of all random choices.
 * @returns the same shape, dtype and range; the caller disposes it
 * @throws {RangeError} if an option is out of range
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
