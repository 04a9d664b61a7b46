/** Compile and fit: epochs, progress, the best weights kept, early stop, checkpoints. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { AugmentOptions } from "./augment.ts";
import { type Checkpoint, saveCheckpoint } from "./checkpoint.ts";
import { installKernels } from "../engine/kernels.ts";
import type { Classifier } from "../model/saved_model.ts";
import { expectTeacher } from "./teacher.ts";
import { TrainRun, type TrainSettings } from "./train_run.ts";
import { describeSettings, expectSameSettings } from "./settings.ts";
import type { ClassName, History, ImageSet } from "../types.ts";

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
  /**
   * The weights that the model has in the end: those of the epoch with the lowest validation loss, or the
   * last ones. A falling learning rate makes the last ones good, and then nothing is chosen by chance.
   *
   * @default "best"
   */
  keep?: "best" | "last";
  /** Stop after this many epochs without a lower validation loss. @default 8, or all if the last are kept */
  patience?: number;
  /** Show the photos changed by {@linkcode augmentBatch}, anew in each epoch, or as they are. @default {} */
  augment?: AugmentOptions | false;
  /**
   * Learn what this model says of each photo as it is shown, changed, in place of the label. `loss` and
   * `accuracy` are then against what it says, those of the validation part against the labels as ever. It
   * knows the classes, or the three where two are learned; the caller disposes it. Of photos that it was
   * trained on it says what it was told: they belong in no test part.
   *
   * @default none
   */
  teacher?: Classifier;
  /** For the order of the photos. @default 42 */
  seed?: number;
  /** Called after every batch, and awaited. */
  onBatch?: (status: TrainStatus) => void | Promise<void>;
  /** Called after every epoch, and awaited. */
  onEpoch?: (status: TrainStatus) => void | Promise<void>;
  /** Ends the run at the next batch, with the reason thrown, after a last checkpoint. */
  signal?: AbortSignal;
  /** A file to save the run to: after every epoch, between batches, and when `signal` ends it. It stays. */
  checkpoint?: string;
  /** Seconds from one checkpoint to the next. @default 30 */
  checkpointSeconds?: number;
  /** Go on from there, as {@linkcode loadCheckpoint} gave it: with the same settings and photos. */
  resumeFrom?: Checkpoint;
}

/** How far a run has come. */
export interface TrainStatus {
  /** The epoch in progress, from 1. */
  epoch: number;
  epochs: number;
  /** Batches done in this epoch. */
  batch: number;
  batches: number;
  /** Means over this epoch's photos so far, as they are shown. */
  loss: number;
  accuracy: number;
  /** The epochs that are over. */
  history: History;
}

/** What a run gave. */
export interface TrainResult {
  history: History;
  /** The epoch whose weights the model has, from 1. */
  bestEpoch: number;
}

/**
 * Trains the model with Adam on the cross-entropy of its classes. Photos stay bytes; a batch at a time
 * becomes floats. Which weights it has in the end, `keep` says.
 *
 * The same seeds on the same machine give the same history, and a run that goes on from a checkpoint has
 * the history and the weights that it would have had without the stop, bit for bit. Other dropout layers
 * than those of {@linkcode buildCnn} do not repeat themselves.
 *
 * Source of the falling learning rate: Loshchilov and Hutter, 2017, SGDR, equation 5 without restarts,
 * https://arxiv.org/abs/1608.03983; of a teacher that is shown what the pupil is shown, for many epochs:
 * Beyer et al., 2022, Knowledge distillation: A good teacher is patient and consistent,
 * https://arxiv.org/abs/2106.05237
 *
 * @param model As of {@linkcode buildCnn}; it is compiled and trained in place.
 * @throws {RangeError} if a part is empty, an option is not a positive number, the teacher knows other
 * classes or photos of another size, or `resumeFrom` is of a run with other settings, model or photos
 * @throws the reason of `signal`
 */
export async function trainModel(
  model: LayersModel,
  images: ImageSet,
  options: TrainOptions,
): Promise<TrainResult> {
  const { onBatch, onEpoch, signal, checkpoint, checkpointSeconds = 30, resumeFrom } = options;
  const settings = checkSettings(options);
  if (settings.teacher) expectTeacher(settings.teacher, images.size, settings.classes);
  installKernels();
  const saved = checkpoint || resumeFrom ? await describeSettings(model, images, settings) : {};
  if (resumeFrom) expectSameSettings(resumeFrom.settings, saved);
  const run = new TrainRun(model, images, settings);
  let savedAt = performance.now(), pausedAt = savedAt;
  const save = async () => {
    if (checkpoint) await saveCheckpoint(checkpoint, { settings: saved, ...await run.save() });
    savedAt = performance.now();
  };
  try {
    if (resumeFrom) await run.restore(resumeFrom);
    while (!run.isOver) {
      if (!run.hasBatch) {
        const status = await run.endEpoch();
        await save();
        await onEpoch?.(status);
        continue;
      }
      const status = await run.trainBatch();
      await onBatch?.(status);
      if (performance.now() - pausedAt > 50) {
        // tfjs-node computes on this thread: let timers, displays and signals have their turn.
        await new Promise((resume) => setTimeout(resume));
        pausedAt = performance.now();
      }
      if (signal?.aborted || performance.now() - savedAt > 1000 * checkpointSeconds) await save();
      signal?.throwIfAborted();
    }
    return run.finish();
  } finally {
    run.dispose();
  }
}

/** The settings with their defaults. */
function checkSettings({
  classes,
  train,
  validation,
  epochs = 24,
  batchSize = 32,
  learningRate = 1e-3,
  keep = "best",
  patience = keep === "last" ? epochs : 8,
  augment = {},
  teacher,
  seed = 42,
}: TrainOptions): TrainSettings {
  for (const [name, value] of Object.entries({ epochs, learningRate, patience })) {
    if (!(value > 0)) throw new RangeError(`${name} must be a positive number, got ${value}`);
  }
  if (keep !== "best" && keep !== "last") {
    throw new RangeError(`keep must be best or last, got ${keep}`);
  }
  for (const [name, part] of Object.entries({ train, validation })) {
    if (part.length === 0) throw new RangeError(`the ${name} part holds no photo`);
  }
  return {
    classes,
    train,
    validation,
    epochs,
    batchSize,
    learningRate,
    keep,
    patience,
    augment,
    teacher,
    seed,
  };
}
