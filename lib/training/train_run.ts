/** Runs the steps of a training run, and saves and restores its state. */
import type { LayersModel, Optimizer, Tensor } from "@tensorflow/tfjs-node";
import { augmentBatch } from "./augment.ts";
import { epochBatches, makeBatch, toLabels } from "../model/batches.ts";
import type { Checkpoint, TrainProgress } from "./checkpoint.ts";
import { cosineDecay } from "./cosine_decay.ts";
import { tf } from "../engine/tensorflow.ts";
import { createAdam } from "../engine/kernels.ts";
import { evaluateScores } from "../evaluation/metrics.ts";
import { findSeededDropouts } from "../model/cnn.ts";
import { predictImages } from "../model/predict_images.ts";
import { seededRandom } from "../random.ts";
import type { TrainResult, TrainSettings, TrainStatus } from "./train_options.ts";
import type { ImageSet } from "../types.ts";
import { askTeacher, decideAlike } from "./teacher.ts";

/** Compiles the model and trains it batch by batch, as called. The caller disposes it. */
export class TrainRun {
  readonly #model: LayersModel;
  readonly #images: ImageSet;
  readonly #settings: TrainSettings;
  readonly #optimizer: Optimizer & { learningRate: number };
  /** The batches of the epoch in progress. */
  #batches: number[][];
  #progress: TrainProgress = {
    epoch: 1,
    batch: 0,
    seen: 0,
    lossSum: 0,
    accuracySum: 0,
    history: { loss: [], accuracy: [], valLoss: [], valAccuracy: [] },
    bestEpoch: 0,
    dropoutSteps: [],
  };
  /** The weights of the best epoch. */
  #best: Tensor[] = [];
  #isStopped = false;

  constructor(model: LayersModel, images: ImageSet, settings: TrainSettings) {
    this.#model = model;
    this.#images = images;
    this.#settings = settings;
    this.#batches = this.#shuffle();
    const { learningRate, classes, teacher } = settings;
    this.#optimizer = createAdam({ learningRate }) as Optimizer & { learningRate: number };
    model.compile({
      optimizer: this.#optimizer,
      loss: classes.length === 2 ? "binaryCrossentropy" : "categoricalCrossentropy",
      metrics: [teacher ? decideAlike : "accuracy"],
    });
  }

  get isOver(): boolean {
    const { epoch, bestEpoch, batch } = this.#progress;
    if (this.#isStopped && batch === 0) return true;
    return epoch > this.#settings.epochs || epoch - bestEpoch > this.#settings.patience;
  }

  /** Whether at least one batch was trained. */
  get canStop(): boolean {
    return this.#progress.batch > 0 || this.#progress.history.loss.length > 0;
  }

  /** Ends the epoch in progress, and makes it the last one. */
  stop(): void {
    this.#isStopped = true;
    this.#batches = this.#batches.slice(0, this.#progress.batch);
  }

  /** Whether the epoch in progress has another batch. */
  get hasBatch(): boolean {
    return this.#progress.batch < this.#batches.length;
  }

  async trainBatch(): Promise<TrainStatus> {
    const progress = this.#progress;
    const { epoch, batch } = progress;
    const { classes, augment, teacher, seed } = this.#settings;
    const indices = this.#batches[batch]!;
    const { x, y } = makeBatch(this.#images, indices, classes);
    const random = seededRandom(seed + 1_000_003 * epoch + batch);
    const shown = augment ? augmentBatch(x, random, augment) : x;
    const wanted = teacher ? askTeacher(teacher, shown, classes) : y;
    this.#optimizer.learningRate = this.#learningRate();
    const [loss, accuracy] = await this.#model.trainOnBatch(shown, wanted) as [number, number];
    tf.dispose([x, shown, y, wanted]);
    if (!Number.isFinite(loss)) {
      throw new Error(
        `loss must be finite, got ${loss} in epoch ${epoch}: try a lower learning rate than ${this.#settings.learningRate}`,
      );
    }
    progress.batch++;
    progress.seen += indices.length;
    progress.lossSum += loss * indices.length;
    progress.accuracySum += accuracy * indices.length;
    return this.#status();
  }

  /** Evaluates the validation part, keeps the weights if they are the best, and starts the next epoch. */
  async endEpoch(): Promise<TrainStatus> {
    const { epoch, history, bestEpoch } = this.#progress;
    const { loss: valLoss, accuracy: valAccuracy } = await this.#validate();
    if (valLoss < (history.valLoss[bestEpoch - 1] ?? Infinity)) {
      this.#progress.bestEpoch = epoch;
      tf.dispose(this.#best);
      this.#best = this.#model.getWeights().map((weight) => weight.clone());
    }
    const status = this.#status();
    history.loss.push(status.loss);
    history.accuracy.push(status.accuracy);
    history.valLoss.push(valLoss);
    history.valAccuracy.push(valAccuracy);
    const next = { epoch: epoch + 1, batch: 0, seen: 0, lossSum: 0, accuracySum: 0 };
    Object.assign(this.#progress, next);
    this.#batches = this.#shuffle();
    return status;
  }

  /** Restores the weights of the best epoch, unless `keep` is "last" and the run was not stopped. */
  finish(): TrainResult {
    const { history, bestEpoch } = this.#progress;
    if (this.#settings.keep === "last" && !this.#isStopped) {
      return { history, bestEpoch: history.loss.length };
    }
    this.#model.setWeights(this.#best);
    return { history, bestEpoch };
  }

  dispose(): void {
    tf.dispose(this.#best);
    this.#optimizer.dispose();
  }

  /** Saves the state of the run. */
  async save(): Promise<Omit<Checkpoint, "settings">> {
    const tensors: Checkpoint["tensors"] = {};
    const add = async (name: string, tensor: Tensor) => {
      const values = await tensor.data<"float32" | "int32">();
      tensors[name] = { dtype: tensor.dtype as "float32" | "int32", shape: tensor.shape, values };
    };
    for (const [index, weight] of this.#model.weights.entries()) {
      await add(`model/${weight.name}`, weight.read());
      if (this.#best.length > 0) await add(`best/${weight.name}`, this.#best[index]!);
    }
    const state = await this.#optimizer.getWeights();
    for (const { name, tensor } of state) await add(`optimizer/${name}`, tensor);
    state[0]!.tensor.dispose(); // the step count, a copy; the others are the optimizer's
    const dropoutSteps = findSeededDropouts(this.#model).map(({ step }) => step);
    return { progress: { ...this.#progress, dropoutSteps }, tensors };
  }

  /** Restores a state that {@linkcode TrainRun.save} saved in a run with the same settings. */
  async restore({ progress, tensors }: Omit<Checkpoint, "settings">): Promise<void> {
    const take = (group: string) =>
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(group))
        .map(([name, { values, shape, dtype }]) => ({
          name: name.slice(group.length),
          tensor: tf.tensor(values, shape, dtype),
        }));
    const weights = take("model/").map(({ tensor }) => tensor);
    this.#model.setWeights(weights);
    const state = take("optimizer/");
    await this.#optimizer.setWeights(state);
    tf.dispose([weights, state.map(({ tensor }) => tensor)]);
    this.#best = take("best/").map(({ tensor }) => tensor);
    this.#progress = structuredClone(progress);
    for (const [index, layer] of findSeededDropouts(this.#model).entries()) {
      layer.step = progress.dropoutSteps[index]!;
    }
    this.#batches = this.#shuffle();
  }

  #shuffle(): number[][] {
    const { train, batchSize, seed } = this.#settings;
    return epochBatches(train, { batchSize, seed, epoch: this.#progress.epoch });
  }

  #learningRate(): number {
    const { epoch, batch } = this.#progress;
    const done = (epoch - 1 + batch / this.#batches.length) / this.#settings.epochs;
    return this.#settings.learningRate * cosineDecay(done);
  }

  #status(): TrainStatus {
    const { epoch, batch, seen, lossSum, accuracySum, history } = this.#progress;
    return {
      epoch,
      epochs: this.#settings.epochs,
      batch,
      batches: this.#batches.length,
      loss: lossSum / seen,
      accuracy: accuracySum / seen,
      history,
    };
  }

  /** Computes the mean cross-entropy and the accuracy of the validation part, without dropout. */
  async #validate(): Promise<{ loss: number; accuracy: number }> {
    const { classes, validation } = this.#settings;
    const labels = toLabels(this.#images, validation, classes);
    const scores = await predictImages(this.#model, this.#images, validation);
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
}
