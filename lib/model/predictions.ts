/** A network's scores to labels. No TensorFlow. */
import type { ClassName } from "../types.ts";

/** What a classifier says of one photo. */
export interface Prediction {
  label: ClassName;
  /** The probability of `label`, in 0..1. */
  probability: number;
  /** Present where the probability is below what was asked for: see `markUnsure`. */
  unsure?: true;
}

/**
 * The likeliest class of each photo. Two classes: the second, `with_mask`, from a probability of 0.5 on.
 *
 * @param scores Row after row: one number a photo, of the second class, for two classes; else one a class.
 */
export function toPredictions(
  scores: ArrayLike<number>,
  classes: readonly ClassName[],
): Prediction[] {
  const each = classes.length === 2 ? 1 : classes.length;
  return Array.from({ length: scores.length / each }, (_, photo) => {
    const row = Array.from({ length: each }, (_, i) => scores[photo * each + i]!);
    const probabilities = each === 1 ? [1 - row[0]!, row[0]!] : row;
    const label = each === 1 ? Number(row[0]! >= 0.5) : row.indexOf(Math.max(...row));
    return { label: classes[label]!, probability: probabilities[label]! };
  });
}
