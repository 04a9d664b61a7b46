/** Two classifiers on the same photos: is one better, or luckier? */
import { decideLabels, readProbabilities } from "./probabilities.ts";

/** What a paired test found. */
export interface Comparison {
  /** Photos that only the first classifier got right. */
  onlyFirst: number;
  /** Photos that only the second got right. */
  onlySecond: number;
  /** How likely so uneven a count is, or a more uneven one, if both are equally good; 0..1. */
  p: number;
}

/**
 * Compares two classifiers by the photos on which one is right and the other wrong: McNemar's test, exact,
 * two-sided.
 *
 * Source: McNemar, 1947, Psychometrika 12; the exact form as in `statsmodels.stats.contingency_tables.mcnemar`.
 *
 * @param labels `[n]` places of the true classes.
 * @param first Probabilities as `evaluateScores` takes them; likewise `second`.
 * @param classes How many there are.
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
  // Of fair coins: the probability of so few of one side, for either side. The terms are added up from
  // their logarithms, as 0.5 ** 1075 is 0 already.
  let logTerm = -differing * Math.LN2, tail = 0;
  for (let heads = 0; heads <= Math.min(onlyFirst, onlySecond); heads++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((differing - heads) / (heads + 1));
  }
  return { onlyFirst, onlySecond, p: Math.min(1, 2 * tail) };
}
