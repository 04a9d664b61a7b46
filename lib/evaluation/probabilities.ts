/** Checks labels and probabilities, and reads both shapes of the latter. */

/** Options that decide the predicted class. */
export interface DecisionOptions {
  /**
   * For two classes only: the second class is predicted if its probability is at least this. For more classes,
   * the most probable class is predicted, the first among equals.
   * @default 0.5
   */
  threshold?: number;
}

/** Returns the probability of a label for the sample at an index. */
export type Probability = (index: number, label: number) => number;

/** Decides the predicted label of each sample. */
export function decideLabels(
  probability: Probability,
  n: number,
  classCount: number,
  { threshold = 0.5 }: DecisionOptions = {},
): number[] {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`threshold must be in 0..1, got ${threshold}`);
  }
  return Array.from({ length: n }, (_, i) => {
    if (classCount === 2) return probability(i, 1) >= threshold ? 1 : 0;
    let best = 0;
    for (let label = 1; label < classCount; label++) {
      if (probability(i, label) > probability(i, best)) best = label;
    }
    return best;
  });
}

/** Checks labels and probabilities, and returns a reader of the latter for both shapes. */
export function readProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classCount: number,
): Probability {
  const n = labels.length;
  if (classCount < 2) throw new RangeError(`classes must be at least 2, got ${classCount}`);
  if (n === 0) throw new RangeError("labels must be at least one, got none");
  checkLabels(labels, classCount, "label");
  const columns = probabilities.length / n;
  if (columns !== classCount && !(columns === 1 && classCount === 2)) {
    throw new RangeError(
      `probabilities must be ${n * classCount}${classCount === 2 ? ` or ${n}` : ""} ` +
        `for ${n} labels of ${classCount} classes, got ${probabilities.length}`,
    );
  }
  for (let i = 0; i < probabilities.length; i++) {
    const value = probabilities[i]!;
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(`probability ${i} must be in 0..1, got ${value}`);
    }
  }
  if (columns > 1) return (index, label) => probabilities[index * columns + label]!;
  return (index, label) => label === 1 ? probabilities[index]! : 1 - probabilities[index]!;
}

/** Throws unless all labels are indices of classes. */
export function checkLabels(labels: ArrayLike<number>, classCount: number, what: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new RangeError(
        `${what} ${i} must be an integer in 0..${classCount - 1}, got ${label}`,
      );
    }
  }
}
