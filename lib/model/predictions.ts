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

/** A network gave something other than finite numbers: its weights are damaged, or too large for the photo. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/**
 * Checks that all scores are finite.
 *
 * @throws {OutputError} if one is not
 */
export function checkScores(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    throw new OutputError(`the model's output must be finite, got ${scores[i]}: is it damaged?`);
  }
}

/**
 * The likeliest class of each photo. Two classes: the second, `with_mask`, from a probability of 0.5 on.
 *
 * @param scores Row after row: one number a photo, of the second class, for two classes; else one a class.
 * @throws {OutputError} if a score is not finite
 */
export function toPredictions(
  scores: ArrayLike<number>,
  classes: readonly ClassName[],
): Prediction[] {
  checkScores(scores);
  const each = classes.length === 2 ? 1 : classes.length;
  return Array.from({ length: scores.length / each }, (_, photo) => {
    const row = Array.from({ length: each }, (_, i) => scores[photo * each + i]!);
    const probabilities = each === 1 ? [1 - row[0]!, row[0]!] : row;
    const label = each === 1 ? Number(row[0]! >= 0.5) : row.indexOf(Math.max(...row));
    return { label: classes[label]!, probability: probabilities[label]! };
  });
}

/**
 * Marks a prediction that is less probable than `least`.
 *
 * @param least A probability in 0..1.
 * @returns the prediction itself, or a marked copy
 * @example
 * ```ts
 * import { markPrediction } from "./predictions.ts";
 *
 * const prediction = { label: "with_mask", probability: 0.55 } as const;
 * console.log(markPrediction(prediction, 0.6).unsure); // true
 * ```
 */
export function markPrediction<T extends Prediction>(prediction: T, least: number): T {
  return prediction.probability < least ? { ...prediction, unsure: true } : prediction;
}
