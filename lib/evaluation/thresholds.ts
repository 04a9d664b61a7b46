/** Where to draw the line between masked and bare, and what each choice costs. */
import { readProbabilities } from "./probabilities.ts";

/** What one threshold does. */
export interface ThresholdPoint {
  /** A face counts as masked from this probability of a mask on. */
  threshold: number;
  /** Share of the masked faces that are taken for bare, 0..1. */
  missed: number;
  /** Share of the bare faces that are taken for masked, 0..1. */
  falseAlarms: number;
}

/**
 * Tries thresholds from 0 to 1. Choose one on the validation part: on the test part it would be fitted to
 * what it is to be judged by.
 *
 * @param labels `[n]` places of the true classes; 1 and some other must occur.
 * @param probabilities As `evaluateScores` takes them, in 0..1: of label 1, or a softmax.
 * @param classes How many there are; all but label 1 count as bare.
 * @throws {RangeError} as `evaluateScores`, or if either side has no sample, or `steps` is no positive integer
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
    if (scores.length === 0) throw new RangeError("thresholds need samples of label 1 and others");
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
