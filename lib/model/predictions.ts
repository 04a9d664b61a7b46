/** Converts a network's scores to labels, without TensorFlow. */
import type { ClassName } from "../types.ts";

/** The classification of one photo. */
export interface Prediction {
  label: ClassName;
  /** The probability of `label`, in 0..1. */
  probability: number;
  /** Present if the probability is below a threshold: see `markUnsure`. */
  unsure?: true;
}

/** Thrown if the output of a network is not finite: its weights are damaged, or too large for the photo. */
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
 * Chooses the most probable class of each photo. With two classes, it is the second from a probability of 0.5.
 *
 * @param scores `[n]` probabilities of the second class for two classes, `[n, classes]` for more.
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
 * Marks a prediction as unsure if its probability is below `least`.
 *
 * @param least A probability in 0..1.
 * @returns the prediction itself, or a marked copy
 * @example
 * ```ts
 * import { markPrediction, type Prediction } from "./predictions.ts";
 *
 * const prediction: Prediction = { label: "with_mask", probability: 0.55 };
 * console.log(markPrediction(prediction, 0.6).unsure); // true
 * ```
 */
export function markPrediction<T extends Prediction>(prediction: T, least: number): T {
  return prediction.probability < least ? { ...prediction, unsure: true } : prediction;
}
