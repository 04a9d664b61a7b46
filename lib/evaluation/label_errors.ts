/** Finds photos whose label may be wrong, by cross-validation. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-node";
import { chunk, scaleImages, toLabels } from "../model/batches.ts";
import { tf } from "../engine/tensorflow.ts";
import { createAdam, installKernels } from "../engine/kernels.ts";
import { seededRandom, shuffle } from "../random.ts";
import { buildTransferModel } from "../model/transfer.ts";
import type { ClassName, ImageSet, OnProgress } from "../types.ts";

/** A photo whose label may be wrong. */
export interface SuspectedLabel {
  /** The photo's index in the set. */
  index: number;
  /** The index of the labelled class. */
  label: number;
  /** The index of the predicted class. */
  predicted: number;
  /** The probability of the predicted class, 0..1. */
  probability: number;
}

/** Options of {@linkcode findLabelErrors}. */
export interface LabelErrorOptions {
  /** The number of parts, each predicted by a model of the others. @default 5 */
  folds?: number;
  /** The least probability of the predicted class, 0..1. @default 0.9 */
  minProbability?: number;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** Steps, learning rate and weight decay of the regression. */
const FIT = { steps: 120, rate: 0.05, decay: 0.01 } as const;

/**
 * Lists labels that a cross-validated model contradicts with high confidence, the most confident first. Check
 * them by eye: some photos are only unusual.
 *
 * The model is a logistic regression on the features of a face detector's backbone, which was not trained on
 * these labels.
 *
 * Source: Northcutt et al., 2021, Confident Learning, https://arxiv.org/abs/1911.00068 (its baseline of
 * confident, out-of-sample disagreement).
 *
 * @param indices The photos to check.
 * @param groups One group number per photo of the set, as `groupDuplicates` returns them: near-duplicates stay
 * in one fold.
 * @throws {RangeError} if there are fewer groups than folds, or `folds` is less than 2
 * @example
 * ```ts
 * import { findLabelErrors } from "./label_errors.ts";
 * import { CLASSES } from "../types.ts";
 *
 * // Four black and four white photos, the last of which has a wrong label.
 * const indices = [0, 1, 2, 3, 4, 5, 6, 7];
 * const pixels = new Uint8Array(8 * 32 * 32 * 3).fill(255, 4 * 32 * 32 * 3);
 * const samples = indices.map((i) => ({
 *   file: `${i}.jpg`,
 *   className: i < 4 || i === 7 ? "with_mask" as const : "without_mask" as const,
 * }));
 * const images = { size: 32, pixels, samples, unreadable: [] };
 * const options = { folds: 4, minProbability: 0.6 };
 * console.log(await findLabelErrors(images, indices, indices, CLASSES.binary, options)); // index: 7
 * ```
 */
export async function findLabelErrors(
  images: ImageSet,
  indices: readonly number[],
  groups: readonly number[],
  classes: readonly ClassName[],
  { folds = 5, minProbability = 0.9, seed = 42, onProgress }: LabelErrorOptions = {},
): Promise<SuspectedLabel[]> {
  const groupOf = indices.map((index) => groups[index]!);
  const all = new Set(groupOf);
  if (!Number.isInteger(folds) || folds < 2 || all.size < folds) {
    throw new RangeError(`folds must be an integer in 2..${all.size} groups, got ${folds}`);
  }
  const labels = toLabels(images, indices, classes);
  const features = await readFeatures(images, indices, onProgress);
  const order = shuffle([...all], seededRandom(seed));
  const foldOf = new Map(order.map((group, i) => [group, i % folds]));
  const suspects: SuspectedLabel[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const [held, others] = [true, false].map((is) =>
      [...labels.keys()].filter((at) => (foldOf.get(groupOf[at]!) === fold) === is)
    ) as [number[], number[]];
    const probabilities = predictHeld(features, labels, classes.length, others, held);
    held.forEach((at, row) => {
      const ofRow = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
      const probability = Math.max(...ofRow);
      const predicted = ofRow.indexOf(probability);
      if (predicted !== labels[at] && probability >= minProbability) {
        suspects.push({ index: indices[at]!, label: labels[at]!, predicted, probability });
      }
    });
    onProgress?.({ stage: "Checking labels", done: fold + 1, total: folds });
  }
  features.dispose();
  return suspects.sort((a, b) => b.probability - a.probability);
}

/** Computes features `[n, features]`, each with mean 0 and variance 1; the caller disposes them. */
async function readFeatures(
  images: ImageSet,
  indices: readonly number[],
  onProgress?: OnProgress,
): Promise<Tensor2D> {
  installKernels();
  const model = await buildTransferModel({ size: images.size });
  const backbone = tf.model({ inputs: model.inputs, outputs: model.layers.at(-3)!.output });
  const rows: Tensor2D[] = [];
  for (const part of chunk(indices, 64)) {
    rows.push(tf.tidy(() => backbone.predictOnBatch(scaleImages(images, part)) as Tensor2D));
    const done = rows.length * 64;
    const total = indices.length;
    onProgress?.({ stage: "Computing features", done: Math.min(done, total), total });
    await new Promise((resume) => setTimeout(resume));
  }
  const features = tf.tidy(() => {
    const all = tf.concat(rows);
    const { mean, variance } = tf.moments(all, 0);
    return tf.div(tf.sub(all, mean), tf.sqrt(tf.add(variance, 1e-6))) as Tensor2D;
  });
  tf.dispose(rows);
  model.dispose();
  return features;
}

/** Fits a softmax regression to `train`, and predicts the probabilities of `held`, `[held.length, classes]`. */
function predictHeld(
  features: Tensor2D,
  labels: readonly number[],
  classes: number,
  train: readonly number[],
  held: readonly number[],
): Float32Array {
  return tf.tidy(() => {
    const take = (rows: readonly number[]) =>
      tf.gather(features, tf.tensor1d([...rows], "int32")) as Tensor2D;
    const x = take(train);
    const y = tf.oneHot(tf.tensor1d(train.map((row) => labels[row]!), "int32"), classes);
    const weights = tf.variable(tf.zeros([features.shape[1], classes]) as Tensor2D);
    const bias = tf.variable(tf.zeros([classes]));
    const optimizer = createAdam({ learningRate: FIT.rate });
    const logits = (input: Tensor2D) => tf.add(tf.matMul(input, weights), bias) as Tensor2D;
    for (let step = 0; step < FIT.steps; step++) {
      optimizer.minimize(
        () =>
          tf.add(
            tf.losses.softmaxCrossEntropy(y, logits(x)),
            tf.mul(tf.sum(tf.square(weights)), FIT.decay),
          ).asScalar(),
        false,
        [weights, bias],
      );
    }
    const probabilities: Tensor = tf.softmax(logits(take(held)));
    tf.dispose([weights, bias]);
    optimizer.dispose();
    return probabilities.dataSync<"float32">();
  });
}
