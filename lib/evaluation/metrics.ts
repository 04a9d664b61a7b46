/**
 * Computes classification metrics for two or more classes, without TensorFlow. Metrics are defined as in
 * scikit-learn, with `zero_division=0`.
 */
import {
  checkLabels,
  decideLabels,
  type DecisionOptions,
  readProbabilities,
} from "./probabilities.ts";
import { rocCurves } from "./roc.ts";

export type { DecisionOptions };

/** The metrics of one class. */
export interface ClassReport {
  className: string;
  /** Share of right ones among the predictions of this class, 0..1. */
  precision: number;
  /** Share of found ones among the samples of this class, 0..1. */
  recall: number;
  /** Harmonic mean of precision and recall, 0..1. */
  f1: number;
  /** The number of samples of this class. */
  support: number;
}

/** The metrics of a set of predictions; plain data, ready for `JSON.stringify`. */
export interface Evaluation {
  /** The number of samples. */
  n: number;
  /** Share of right predictions, 0..1. */
  accuracy: number;
  /** 95% Wilson interval of the accuracy. */
  interval: [low: number, high: number];
  /** Precision of `classes[1]` for two classes, the mean over all classes for more. */
  precision: number;
  /** As `precision`. */
  recall: number;
  /** As `precision`. */
  f1: number;
  /** Mean F1 of all classes. */
  macroF1: number;
  /** Area under the ROC curve, or the mean of one-vs-rest areas for more than two classes. `null` if a class
   * has no samples or all samples, so that the area is undefined. */
  auc: number | null;
  /** Counts `[true label][predicted label]`. */
  confusion: number[][];
  classes: string[];
  perClass: ClassReport[];
}

/** A wrong prediction. */
export interface Mistake {
  /** The sample's index in the labels. */
  index: number;
  label: number;
  predicted: number;
  /** The probability of the predicted class, 0..1. */
  probability: number;
}

/**
 * Evaluates probabilities against the true labels.
 *
 * @param labels `[n]` indices in `classes`.
 * @param probabilities In 0..1, row by row: `[n]` probabilities of `classes[1]` (a sigmoid), or
 * `[n, classes.length]` (a softmax).
 * @param classes Two or more class names; with two, `classes[1]` is the positive class.
 * @throws {RangeError} if there are no samples, lengths differ, or a value is out of range
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evaluateScores } from "./metrics.ts";
 *
 * const classes = ["without_mask", "with_mask"];
 * const { accuracy, auc } = evaluateScores([0, 0, 1, 1], [0.1, 0.7, 0.6, 0.9], classes);
 * assertEquals({ accuracy, auc }, { accuracy: 0.75, auc: 0.75 });
 * ```
 */
export function evaluateScores(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: readonly string[],
  options: DecisionOptions = {},
): Evaluation {
  const probability = readProbabilities(labels, probabilities, classes.length);
  const predictions = decideLabels(probability, labels.length, classes.length, options);
  const confusion = confusionMatrix(labels, predictions, classes.length);
  const perClass = classes.map((className, label) => reportClass(className, label, confusion));
  const correct = sum(confusion.map((row, label) => row[label]!));
  const areas = rocCurves(labels, probabilities, classes).map((curve) => curve.auc);
  const judged = perClass.length === 2 ? perClass.slice(1) : perClass;
  return {
    n: labels.length,
    accuracy: correct / labels.length,
    interval: wilsonInterval(correct, labels.length),
    precision: mean(judged.map((report) => report.precision)),
    recall: mean(judged.map((report) => report.recall)),
    f1: mean(judged.map((report) => report.f1)),
    macroF1: mean(perClass.map((report) => report.f1)),
    auc: areas.every((area) => area !== null) ? mean(areas) : null,
    confusion,
    classes: [...classes],
    perClass,
  };
}

/**
 * Counts samples by true and predicted label: `[true label][predicted label]`.
 *
 * @param labels `[n]` integers in 0..classCount - 1.
 * @param predictions `[n]` integers in 0..classCount - 1.
 * @throws {RangeError} if lengths differ or a label is out of range
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { confusionMatrix } from "./metrics.ts";
 *
 * assertEquals(confusionMatrix([0, 1, 1], [0, 0, 1], 2), [[1, 0], [1, 1]]);
 * ```
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classCount: number,
): number[][] {
  if (labels.length !== predictions.length) {
    throw new RangeError(
      `predictions must be ${labels.length}, one per label, got ${predictions.length}`,
    );
  }
  checkLabels(labels, classCount, "label");
  checkLabels(predictions, classCount, "prediction");
  const counts = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predictions[i]!]! += 1;
  return counts;
}

/**
 * Computes the 95% Wilson score interval of a proportion. Unlike the normal approximation, it stays within 0..1
 * and is valid for accuracies near 1.
 *
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * Journal of the American Statistical Association 22, 1927; statsmodels'
 * `proportion_confint(method="wilson")`.
 *
 * @throws {RangeError} if `correct` and `n` are not integers with 0 <= correct <= n and n >= 1
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wilsonInterval } from "./metrics.ts";
 *
 * assertEquals(wilsonInterval(95, 100).map((bound) => bound.toFixed(3)), ["0.888", "0.978"]);
 * ```
 */
export function wilsonInterval(correct: number, n: number): [low: number, high: number] {
  if (!Number.isInteger(n) || !Number.isInteger(correct) || n < 1 || correct < 0 || correct > n) {
    throw new RangeError(`correct must be an integer in 0..n with n >= 1, got ${correct} of ${n}`);
  }
  const z = 1.959963984540054; // the 97.5% quantile of the standard normal distribution
  const scale = 1 + z * z / n;
  const centre = (correct + z * z / 2) / n / scale;
  const margin = z * Math.sqrt(correct * (n - correct) / n + z * z / 4) / n / scale;
  // At the ends the bound is exact, without rounding errors.
  return [correct === 0 ? 0 : centre - margin, correct === n ? 1 : centre + margin];
}

/**
 * Lists the wrong predictions, the most confident first.
 *
 * Parameters and errors are those of {@linkcode evaluateScores}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankMistakes } from "./metrics.ts";
 *
 * const classes = ["without_mask", "with_mask"];
 * const mistakes = rankMistakes([0, 0, 1], [0.6, 0.9, 0.8], classes);
 * assertEquals(mistakes.map((mistake) => mistake.index), [1, 0]);
 * ```
 */
export function rankMistakes(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: readonly string[],
  options: DecisionOptions = {},
): Mistake[] {
  const probability = readProbabilities(labels, probabilities, classes.length);
  return decideLabels(probability, labels.length, classes.length, options)
    .map((predicted, index) => ({
      index,
      label: labels[index]!,
      predicted,
      probability: probability(index, predicted),
    }))
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability);
}

function reportClass(className: string, label: number, confusion: number[][]): ClassReport {
  const hits = confusion[label]![label]!;
  const support = sum(confusion[label]!);
  const predicted = sum(confusion.map((row) => row[label]!));
  return {
    className,
    precision: share(hits, predicted),
    recall: share(hits, support),
    f1: share(2 * hits, predicted + support),
    support,
  };
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: number[]) => sum(values) / values.length;
const share = (part: number, whole: number) => whole === 0 ? 0 : part / whole;
