/** Oversampling: rare classes are shown more often. */
import type { ImageSet } from "../types.ts";

/** How often the photos of rare classes are shown. */
export interface RepeatOptions {
  /** The share of the training part that each class should reach, in 0..1. @default 0.1 */
  share?: number;
  /** How often one photo is shown in an epoch, at most; a positive integer. @default 6 */
  most?: number;
}

/**
 * Repeats the photos of each class that is rarer than wanted. Each photo of a class is repeated as often.
 *
 * @param train Indices of the training part.
 * @returns the indices, class after class, with repeats
 * @throws {RangeError} if `share` is not in 0..1, or `most` is not a positive integer
 * @example
 * ```ts
 * import { repeatRare } from "./repeat_rare.ts";
 *
 * const faces = ["with_mask", "with_mask", "with_mask", "without_mask"] as const;
 * const samples = faces.map((className, i) => ({ file: `${i}.jpg`, className }));
 * console.log(repeatRare({ samples }, [0, 1, 2, 3], { share: 0.5 })); // [0, 1, 2, 3, 3]
 * ```
 */
export function repeatRare(
  { samples }: Pick<ImageSet, "samples">,
  train: readonly number[],
  { share = 0.1, most = 6 }: RepeatOptions = {},
): number[] {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be in 0..1, got ${share}`);
  if (!Number.isInteger(most) || most < 1) {
    throw new RangeError(`most must be a positive integer, got ${most}`);
  }
  const classes = Map.groupBy(train, (index) => samples[index]!.className);
  return [...classes.values()].flatMap((indices) => {
    const times = Math.ceil(share * train.length / indices.length);
    return Array.from({ length: Math.max(1, Math.min(most, times)) }, () => indices).flat();
  });
}
