/** Computes the errors of each threshold between masked and bare faces. */
import { readProbabilities } from "./probabilities.ts";

/** The errors at one threshold. */
export interface ThresholdPoint {
  /** The least probability of a mask at which a face counts as masked. */
  threshold: number;
  /** Share of the masked faces that are classified as bare, 0..1. */
  missed: number;
  /** Share of the bare faces that are classified as masked, 0..1. */
  falseAlarms: number;
}

/**
 * Computes the errors at thresholds from 0 to 1. Choose a threshold on the validation part: chosen on the test
 * part, its results are too optimistic.
 *
 * @param labels `[n]` indices of the true classes, with samples of label 1 and of others.
 * @param probabilities In 0..1, as in `evaluateScores`: `[n]` of label 1, or `[n, classes]`.
 * @param classes The number of classes; all but label 1 count as bare.
 * @throws {RangeError} as `evaluateScores`, if either side has no sample, or if `steps` is not a positive integer
 * @example
 * ```ts
 * import { sweepThresholds } from "./thresholds.ts";
 *
 * console.log(sweepThresholds([0, 1, 1], [0.2, 0.9, 0.4], 2, { steps: 2 }));
 * ```
 */
export function sweepThresholds(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  { steps = 100 }: {
    /** @default 100 */
    steps?: number;
  } = {},
): ThresholdPoint[] {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`steps must be a positive integer, got ${steps}`);
  }
  const probability = readProbabilities(labels, probabilities, classes);
  const [bare, masked] = [false, true].map((isMasked) => {
    const scores = Array.from(labels, (_, row) => probability(row, 1))
      .filter((_, row) => (labels[row] === 1) === isMasked);
    if (scores.length === 0) {
      throw new RangeError("labels must include label 1 and others, got one side only");
    }
    return scores;
  });
  const share = (scores: number[], test: (score: number) => boolean) =>
    scores.filter(test).length / scores.length;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const threshold = step / steps;
    return {
      threshold,
      missed: share(masked!, (score) => score < threshold),
      falseAlarms: share(bare!, (score) => score >= threshold),
    };
  });
}
