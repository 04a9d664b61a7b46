/** Labels and probabilities, checked, whatever the shape they come in. */

/** How probabilities become a predicted class. */
export interface DecisionOptions {
  /**
   * Two classes only: the second is predicted where its probability is at least this. With more
   * classes the most probable one is predicted, the first of equals.
   * @default 0.5
   */
  threshold?: number;
}

/** The probability of a label for the sample at a place. */
export type Probability = (index: number, label: number) => number;

/** The predicted label of each sample. */
export function decideLabels(
  probability: Probability,
  n: number,
  classCount: number,
  { threshold = 0.5 }: DecisionOptions = {},
): number[] {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`The threshold must be in 0..1, got ${threshold}`);
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

/** Checks labels and probabilities, and gives access to the latter whatever their shape. */
export function readProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classCount: number,
): Probability {
  const n = labels.length;
  if (classCount < 2) throw new RangeError(`Two classes or more are needed, got ${classCount}`);
  if (n === 0) throw new RangeError("At least one sample is needed, got no labels");
  checkLabels(labels, classCount, "Label");
  const columns = probabilities.length / n;
  if (columns !== classCount && !(columns === 1 && classCount === 2)) {
    throw new RangeError(
      `${n} labels of ${classCount} classes need ${n * classCount} probabilities` +
        `${classCount === 2 ? ` or ${n}` : ""}, got ${probabilities.length}`,
    );
  }
  for (let i = 0; i < probabilities.length; i++) {
    const value = probabilities[i]!;
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(`Probability ${i} must be in 0..1, got ${value}`);
    }
  }
  if (columns > 1) return (index, label) => probabilities[index * columns + label]!;
  return (index, label) => label === 1 ? probabilities[index]! : 1 - probabilities[index]!;
}

/** Throws unless all labels are places of classes. */
export function checkLabels(labels: ArrayLike<number>, classCount: number, what: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new RangeError(
        `${what} ${i} must be a whole number in 0..${classCount - 1}, got ${label}`,
      );
    }
  }
}
