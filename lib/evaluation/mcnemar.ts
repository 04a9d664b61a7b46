/** Compares two classifiers on the same photos by McNemar's test. */
import { decideLabels, readProbabilities } from "./probabilities.ts";

/** The result of a paired test. */
export interface Comparison {
  /** Photos that only the first classifier predicts right. */
  onlyFirst: number;
  /** Photos that only the second predicts right. */
  onlySecond: number;
  /** The probability of counts at least this uneven if both are equally good; 0..1. */
  p: number;
}

/**
 * Compares two classifiers by the photos that only one of them predicts right: the exact, two-sided McNemar
 * test.
 *
 * Source: McNemar, 1947, Psychometrika 12; the exact form as in `statsmodels.stats.contingency_tables.mcnemar`.
 *
 * @param labels `[n]` indices of the true classes.
 * @param first Probabilities of the first classifier, as in `evaluateScores`.
 * @param second Probabilities of the second.
 * @param classes The number of classes.
 * @throws {RangeError} as `evaluateScores`
 * @example
 * ```ts
 * import { compareClassifiers } from "./mcnemar.ts";
 *
 * console.log(compareClassifiers([1, 1, 0], [0.9, 0.2, 0.4], [0.9, 0.8, 0.1], 2)); // p: 1
 * ```
 */
export function compareClassifiers(
  labels: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  classes: number,
): Comparison {
  const [firstRight, secondRight] = [first, second].map((probabilities) =>
    decideLabels(readProbabilities(labels, probabilities, classes), labels.length, classes)
      .map((predicted, row) => predicted === labels[row])
  );
  let onlyFirst = 0, onlySecond = 0;
  firstRight!.forEach((right, row) => {
    if (right && !secondRight![row]) onlyFirst++;
    if (!right && secondRight![row]) onlySecond++;
  });
  const differing = onlyFirst + onlySecond;
  // The binomial tail for p = 0.5, doubled. Terms are computed from logarithms, as 0.5 ** 1075 is 0.
  let logTerm = -differing * Math.LN2, tail = 0;
  for (let heads = 0; heads <= Math.min(onlyFirst, onlySecond); heads++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((differing - heads) / (heads + 1));
  }
  return { onlyFirst, onlySecond, p: Math.min(1, 2 * tail) };
}
