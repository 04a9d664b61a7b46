/** Chooses the confidence below which predictions are unsure, and measures the effect. */
import { wilsonInterval } from "./metrics.ts";
import { decideLabels, readProbabilities } from "./probabilities.ts";

/** The effect of marking predictions below a threshold as unsure. */
export interface Coverage {
  n: number;
  /** Predictions at or above the threshold. */
  answered: number;
  /** Share of these among all predictions, 0..1. */
  coverage: number;
  /** Share of right ones among these, 0..1; `null` if there is none. */
  accuracy: number | null;
  /** 95% Wilson interval of the accuracy. */
  interval: [low: number, high: number] | null;
}

/**
 * Finds the lowest threshold at which the remaining predictions reach the wanted accuracy. Choose it on the
 * validation part; it is valid for similar photos.
 *
 * Source: Geifman and El-Yaniv, 2017, Selective Classification for Deep Neural Networks,
 * https://arxiv.org/abs/1705.08500, without its bound.
 *
 * @param labels `[n]` indices of the true classes.
 * @param probabilities `[n]` or `[n, classes]`, in 0..1, as in `evaluateScores`.
 * @param classes The number of classes.
 * @returns in 0..1: 0 if no prediction is unsure, 1 if no threshold reaches the rate
 * @throws {RangeError} as `evaluateScores`, or if `rate` is not in 0..1
 * @example
 * ```ts
 * import { chooseUnsureBelow } from "./unsure.ts";
 *
 * // The only wrong prediction has a probability of 0.6.
 * console.log(chooseUnsureBelow([1, 1, 0], [0.9, 0.8, 0.6], 2)); // 0.8
 * ```
 */
export function chooseUnsureBelow(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  { rate = 0.99 }: {
    /** The wanted accuracy, 0..1. @default 0.99 */
    rate?: number;
  } = {},
): number {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`rate must be in 0..1, got ${rate}`);
  const answers = listAnswers(labels, probabilities, classes)
    .sort((a, b) => b.confidence - a.confidence);
  let right = 0, least = 1;
  for (const [i, { confidence, isRight }] of answers.entries()) {
    right += Number(isRight);
    const isLastOfEquals = answers[i + 1]?.confidence !== confidence;
    if (isLastOfEquals && right >= rate * (i + 1)) {
      least = i + 1 === answers.length ? 0 : confidence;
    }
  }
  return least;
}

/**
 * Counts the predictions at or above a threshold, and the right ones among them.
 *
 * The first three parameters are those of {@linkcode chooseUnsureBelow}.
 *
 * @param unsureBelow The threshold, in 0..1.
 * @throws {RangeError} as `evaluateScores`, or if the threshold is not in 0..1
 * @example
 * ```ts
 * import { measureCoverage } from "./unsure.ts";
 *
 * const { coverage, accuracy } = measureCoverage([1, 1, 0, 0], [0.9, 0.8, 0.6, 0.1], 2, 0.7);
 * console.log(coverage, accuracy); // 0.75 1
 * ```
 */
export function measureCoverage(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  unsureBelow: number,
): Coverage {
  if (!(unsureBelow >= 0 && unsureBelow <= 1)) {
    throw new RangeError(`unsureBelow must be in 0..1, got ${unsureBelow}`);
  }
  const given = listAnswers(labels, probabilities, classes)
    .filter(({ confidence }) => confidence >= unsureBelow);
  const [n, answered] = [labels.length, given.length];
  const right = given.filter(({ isRight }) => isRight).length;
  return {
    n,
    answered,
    coverage: answered / n,
    accuracy: answered > 0 ? right / answered : null,
    interval: answered > 0 ? wilsonInterval(right, answered) : null,
  };
}

function listAnswers(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): { confidence: number; isRight: boolean }[] {
  const probability = readProbabilities(labels, probabilities, classes);
  return decideLabels(probability, labels.length, classes).map((label, row) => ({
    confidence: probability(row, label),
    isRight: label === labels[row],
  }));
}
