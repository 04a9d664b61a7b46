/** Compile and fit: epochs, progress, the best weights kept, early stop. */
import type { LayersModel, Optimizer, Tensor } from "@tensorflow/tfjs-node";
import { augmentBatch } from "./augment.ts";
import { epochBatches, makeBatch, toLabels } from "./batches.ts";
import { tf } from "./engine.ts";
import { createAdam, installKernels } from "./kernels.ts";
import { evaluateScores } from "./metrics.ts";
import { predictImages } from "./predict.ts";
import { seededRandom } from "./random.ts";
import type { ClassName, History, ImageSet } from "./types.ts";

/** How a model is trained. */
export interface TrainOptions {
  classes: readonly ClassName[];
  /** Places in the set. */
  train: readonly number[];
  /** Places in the set; they choose the best epoch, so the test part may not be among them. */
  validation: readonly number[];
  /** At most this many. @default 24 */
  epochs?: number;
  /** @default 32 */
  batchSize?: number;
  /** Of Adam in the beginning; it falls to nothing over the epochs, as half a wave. @default 0.001 */
  learningRate?: number;
  /** Stop after this many epochs without a lower validation loss. @default 8 */
  patience?: number;
  /** Show the photos changed by {@linkcode augmentBatch}, anew in each epoch. @default true */
  augment?: boolean;
  /** For the order of the photos. @default 42 */
  seed?: number;
  /** Called after every batch, and awaited. */
  onBatch?: (status: TrainStatus) => void | Promise<void>;
  /** Called after every epoch, and awaited. */
  onEpoch?: (status: TrainStatus) => void | Promise<void>;
  /** Ends the run at the next batch, with the reason thrown. */
  signal?: AbortSignal;
}

/** How far a run has come. */
export interface TrainStatus {
  /** The epoch in progress, from 1. */
  epoch: number;
  epochs: number;
  /** Batches done in this epoch. */
  batch: number;
  batches: number;
  /** Means over this epoch's photos so far. */
  loss: number;
  accuracy: number;
  /** The epochs that are over. */
  history: History;
}

/** What a run gave; the model holds the weights of `bestEpoch`. */
export interface TrainResult {
  history: History;
  /** The epoch of the lowest validation loss, from 1. */
  bestEpoch: number;
}

/**
 * Trains the model with Adam on the cross-entropy of its classes. Photos stay bytes; a batch at a time
 * becomes floats. The weights of the epoch with the lowest validation loss are put back at the end.
 *
 * The same seeds on the same machine give the same history.
 *
 * Source of the falling learning rate: Loshchilov and Hutter, 2017, SGDR, equation 5 without restarts,
 * https://arxiv.org/abs/1608.03983
 *
 * @param model As of {@linkcode buildCnn}; it is compiled and trained in place.
 * @throws {RangeError} if a part is empty or an option is not a positive number
 * @throws the reason of `signal`
 */
export async function trainModel(
  model: LayersModel,
  images: ImageSet,
  options: TrainOptions,
): Promise<TrainResult> {
  const {
    classes,
    train,
    validation,
    epochs = 24,
    batchSize = 32,
    learningRate = 1e-3,
    patience = 8,
    augment = true,
    seed = 42,
    onBatch,
    onEpoch,
    signal,
  } = options;
  for (const [name, value] of Object.entries({ epochs, learningRate, patience })) {
    if (!(value > 0)) throw new RangeError(`${name} must be a positive number, got ${value}`);
  }
  for (const [name, part] of Object.entries({ train, validation })) {
    if (part.length === 0) throw new RangeError(`the ${name} part holds no photo`);
  }
  installKernels();
  const optimizer = createAdam({ learningRate }) as Optimizer & { learningRate: number };
  model.compile({
    optimizer,
    loss: classes.length === 2 ? "binaryCrossentropy" : "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const history: History = { loss: [], accuracy: [], valLoss: [], valAccuracy: [] };
  let pausedAt = performance.now();
  const best = { epoch: 0, valLoss: Infinity, weights: [] as Tensor[] };
  try {
    for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
      const batches = epochBatches(train, { batchSize, seed, epoch });
      let seen = 0, lossSum = 0, accuracySum = 0;
      const status = (batch: number): TrainStatus => ({
        epoch,
        epochs,
        batch,
        batches: batches.length,
        loss: lossSum / seen,
        accuracy: accuracySum / seen,
        history,
      });
      for (const [batch, indices] of batches.entries()) {
        const share = (epoch - 1 + batch / batches.length) / epochs;
        optimizer.learningRate = learningRate * (1 + Math.cos(Math.PI * share)) / 2;
        const { x, y } = makeBatch(images, indices, classes);
        const random = seededRandom(seed + 1_000_003 * epoch + batch);
        const shown = augment ? augmentBatch(x, random) : x;
        const [loss, accuracy] = await model.trainOnBatch(shown, y) as [number, number];
        tf.dispose([x, shown, y]);
        if (!Number.isFinite(loss)) {
          throw new Error(
            `the loss became ${loss} in epoch ${epoch}: try a lower learning rate than ${learningRate}`,
          );
        }
        seen += indices.length;
        lossSum += loss * indices.length;
        accuracySum += accuracy * indices.length;
        await onBatch?.(status(batch + 1));
        if (performance.now() - pausedAt > 50) {
          // tfjs-node computes on this thread: let timers, displays and signals have their turn.
          await new Promise((resume) => setTimeout(resume));
          pausedAt = performance.now();
        }
        signal?.throwIfAborted();
      }
      const { loss: valLoss, accuracy: valAccuracy } = await validate(
        model,
        images,
        validation,
        classes,
      );
      history.loss.push(lossSum / seen);
      history.accuracy.push(accuracySum / seen);
      history.valLoss.push(valLoss);
      history.valAccuracy.push(valAccuracy);
      if (valLoss < best.valLoss) {
        tf.dispose(best.weights);
        Object.assign(best, {
          epoch,
          valLoss,
          weights: model.getWeights().map((weight) => weight.clone()),
        });
      }
      await onEpoch?.(status(batches.length));
    }
    model.setWeights(best.weights);
    return { history, bestEpoch: best.epoch };
  } finally {
    tf.dispose(best.weights);
    model.optimizer.dispose();
  }
}

/** Mean cross-entropy and accuracy, without dropout. */
async function validate(
  model: LayersModel,
  images: ImageSet,
  indices: readonly number[],
  classes: readonly ClassName[],
): Promise<{ loss: number; accuracy: number }> {
  const labels = toLabels(images, indices, classes);
  const scores = await predictImages(model, images, indices);
  const ofTrueClass = labels.map((label, row) =>
    classes.length > 2
      ? scores[row * classes.length + label]!
      : label === 1
      ? scores[row]!
      : 1 - scores[row]!
  );
  const smallest = 1e-7; // as Keras and tf.layers keep the logarithm finite
  const loss = ofTrueClass.reduce((sum, p) => sum - Math.log(Math.max(p, smallest)), 0) /
    labels.length;
  return { loss, accuracy: evaluateScores(labels, scores, classes).accuracy };
}
