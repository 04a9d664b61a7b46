/** Computes ROC curves and the area under them. */
import { readProbabilities } from "./probabilities.ts";

/** The ROC curve of one class against the rest. */
export interface RocCurve {
  className: string;
  /** Area under the curve, 0..1; `null` if all labels are of this class, or none is. */
  auc: number | null;
  /** The corners of the curve from (0, 0) to (1, 1); empty if `auc` is `null`. */
  points: { falsePositiveRate: number; truePositiveRate: number }[];
}

/**
 * Computes the ROC curve of `classes[1]` for two classes, or of every class against the rest for more. Samples of
 * equal score form one step, so that the area is the Mann-Whitney statistic with half a point per tie, as in
 * scikit-learn's `roc_curve` and `roc_auc_score`.
 *
 * Source: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.
 *
 * Parameters and errors are those of `evaluateScores`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rocCurves } from "./roc.ts";
 *
 * const [curve] = rocCurves([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8], ["without_mask", "with_mask"]);
 * assertEquals(curve?.auc, 0.875);
 * ```
 */
export function rocCurves(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: readonly string[],
): RocCurve[] {
  const probability = readProbabilities(labels, probabilities, classes.length);
  return classes
    .map((className, label) => {
      const scores = Array.from(labels, (_, i) => probability(i, label));
      return traceCurve(className, (i) => labels[i] === label, scores);
    })
    .slice(classes.length === 2 ? 1 : 0);
}

function traceCurve(
  className: string,
  isPositive: (index: number) => boolean,
  scores: number[],
): RocCurve {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
  const corners = [[0, 0]] as [falses: number, trues: number][];
  let falses = 0, trues = 0, area = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    const before = { falses, trues };
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      if (isPositive(order[end++]!)) trues++;
      else falses++;
    }
    area += (falses - before.falses) * (before.trues + trues) / 2;
    if (isOnLine(corners.at(-2), corners.at(-1)!, [falses, trues])) corners.pop();
    corners.push([falses, trues]);
  }
  if (falses === 0 || trues === 0) return { className, auc: null, points: [] };
  const points = corners.map((corner) => ({
    falsePositiveRate: corner[0] / falses,
    truePositiveRate: corner[1] / trues,
  }));
  return { className, auc: area / (falses * trues), points };
}

/** Checks exactly, in integers, whether `b` lies on the straight line from `a` to `c`. */
function isOnLine(a: [number, number] | undefined, b: [number, number], c: [number, number]) {
  return a !== undefined && (b[0] - a[0]) * (c[1] - b[1]) === (b[1] - a[1]) * (c[0] - b[0]);
}
