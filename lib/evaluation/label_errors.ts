/** Photos whose label may be wrong: every model that did not see them says otherwise. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-node";
import { chunk, scaleImages, toLabels } from "../model/batches.ts";
import { tf } from "../engine/tensorflow.ts";
import { createAdam, installKernels } from "../engine/kernels.ts";
import { seededRandom, shuffle } from "../random.ts";
import { buildTransferModel } from "../model/transfer.ts";
import type { ClassName, ImageSet, OnProgress } from "../types.ts";

/** A photo whose label is in doubt. */
export interface SuspectedLabel {
  /** Its place in the set. */
  index: number;
  label: number;
  /** The class that was predicted instead. */
  predicted: number;
  /** The probability of the predicted class, 0..1. */
  probability: number;
}

/** How labels are doubted. */
export interface LabelErrorOptions {
  /** Parts, each judged by a model of the others. @default 5 */
  folds?: number;
  /** How sure that model must be. @default 0.9 */
  minProbability?: number;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** Steps, learning rate and weight decay of the regression. */
const FIT = { steps: 120, rate: 0.05, decay: 0.01 } as const;

/**
 * Lists labels that a cross-validated model contradicts with confidence, the surest first. For a reader to
 * judge: some are wrong, others are only unusual.
 *
 * The model is a logistic regression on what a face detector's backbone makes of each photo, so it learned
 * nothing from the labels in doubt.
 *
 * Source: Northcutt et al., 2021, Confident Learning, https://arxiv.org/abs/1911.00068 (its baseline of
 * confident, out-of-sample disagreement).
 *
 * @param indices Those of the set that are judged.
 * @param groups Of the whole set, as `groupDuplicates` gives them: near-duplicates are judged together.
 * @throws {RangeError} if there are fewer groups than folds, or `folds` is under 2
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
  const foldOf = new Map(order.map((group, place) => [group, place % folds]));
  const suspects: SuspectedLabel[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const [held, others] = [true, false].map((is) =>
      [...labels.keys()].filter((at) => (foldOf.get(groupOf[at]!) === fold) === is)
    ) as [number[], number[]];
    const probabilities = judge(features, labels, classes.length, others, held);
    held.forEach((at, row) => {
      const ofRow = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
      const probability = Math.max(...ofRow);
      const predicted = ofRow.indexOf(probability);
      if (predicted !== labels[at] && probability >= minProbability) {
        suspects.push({ index: indices[at]!, label: labels[at]!, predicted, probability });
      }
    });
    onProgress?.({ stage: "Judging labels", done: fold + 1, total: folds });
  }
  features.dispose();
  return suspects.sort((a, b) => b.probability - a.probability);
}

/** `[n, features]`, each of mean 0 and variance 1; the caller disposes it. */
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
    onProgress?.({ stage: "Reading features of photos", done: Math.min(done, total), total });
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

/** Fits a softmax regression to some rows, and gives the probabilities of others, row after row. */
function judge(
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
