/** Oversamples rare classes. */
import type { ClassName, ImageSet } from "../types.ts";

/** Options of {@linkcode repeatRare}. */
export interface RepeatOptions {
  /** The share of the training part that each class should reach, in 0..1. @default 0.1 */
  share?: number;
  /** The most repeats of a photo per epoch; a positive integer. @default 6 */
  most?: number;
}

/** An oversampled training part. */
export interface Repeated {
  /** The indices, class by class. */
  indices: number[];
  /** The number of repeats per class. */
  times: Map<ClassName, number>;
}

/**
 * Repeats the photos of each class that has less than the wanted share, all photos of a class equally often.
 *
 * A model that is trained on the result predicts rare classes too often: see `undoRepeats`.
 *
 * @param train Indices of the training part.
 * @throws {RangeError} if `share` is not in 0..1, or `most` is not a positive integer
 * @example
 * ```ts
 * import { repeatRare } from "./repeat_rare.ts";
 *
 * const faces = ["with_mask", "with_mask", "with_mask", "without_mask"] as const;
 * const samples = faces.map((className, i) => ({ file: `${i}.jpg`, className }));
 * console.log(repeatRare({ samples }, [0, 1, 2, 3], { share: 0.5 }).indices); // [0, 1, 2, 3, 3]
 * ```
 */
export function repeatRare(
  { samples }: Pick<ImageSet, "samples">,
  train: readonly number[],
  { share = 0.1, most = 6 }: RepeatOptions = {},
): Repeated {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be in 0..1, got ${share}`);
  if (!Number.isInteger(most) || most < 1) {
    throw new RangeError(`most must be a positive integer, got ${most}`);
  }
  const classes = Map.groupBy(train, (index) => samples[index]!.className);
  const times = new Map(
    [...classes].map(([className, indices]) => {
      const wanted = Math.ceil(share * train.length / indices.length);
      return [className, Math.max(1, Math.min(most, wanted))];
    }),
  );
  const indices = [...classes].flatMap(([className, indices]) =>
    Array.from({ length: times.get(className)! }, () => indices).flat()
  );
  return { indices, times };
}
