/** Distils a teacher: a student learns from its predictions. */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { narrowToBinary } from "../model/predict_images.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { ClassName } from "../types.ts";

/** @throws {RangeError} if the teacher's input size or classes do not match those of the student */
export function expectTeacher(
  { info }: Classifier,
  size: number,
  classes: readonly ClassName[],
): void {
  if (info.size !== size) {
    throw new RangeError(`teacher must take photos of ${size} pixels, got ${info.size}`);
  }
  const narrows = info.classes.length === 3 && classes.length === 2;
  if (!narrows && info.classes.join() !== classes.join()) {
    throw new RangeError(
      `teacher must have the classes ${classes.join(", ")}, got ${info.classes.join(", ")}`,
    );
  }
}

/**
 * Predicts the probabilities that the student learns.
 *
 * @param x `[n, size, size, 3]` float32 RGB in 0..1
 * @returns probabilities in the shape of the student's output: `[n, 1]` or `[n, classes]` float32; the caller
 * disposes them
 */
export function askTeacher(
  { model, info }: Classifier,
  x: Tensor4D,
  classes: readonly ClassName[],
): Tensor2D {
  return tf.tidy(() => {
    const answer = model.predictOnBatch(x) as Tensor2D;
    return info.classes.length === classes.length
      ? answer
      : tf.tensor2d(narrowToBinary(answer.dataSync<"float32">()), [x.shape[0], 1]);
  });
}

/** Computes the accuracy for labels that are probabilities. */
export function decideAlike(labels: Tensor, predictions: Tensor): Tensor {
  return labels.shape[1] === 1
    ? tf.metrics.binaryAccuracy(tf.round(labels), predictions)
    : tf.metrics.categoricalAccuracy(labels, predictions);
}
