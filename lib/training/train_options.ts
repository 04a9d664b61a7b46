/** Defines the options, the status and the result of a training run. */
import type { AugmentOptions } from "./augment.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { ClassName, History } from "../types.ts";

/** Options of {@linkcode trainModel}. */
export interface TrainOptions {
  classes: readonly ClassName[];
  /** Indices of the training part. */
  train: readonly number[];
  /** Indices of the validation part. It selects the best epoch, so do not use the test part. */
  validation: readonly number[];
  /** The most epochs. @default 24 */
  epochs?: number;
  /** @default 32 */
  batchSize?: number;
  /** Adam's initial learning rate; cosine decay reduces it to 0 over the epochs. @default 0.001 */
  learningRate?: number;
  /**
   * The final weights: those of the epoch with the lowest validation loss, or the last ones. As the learning rate
   * decays, the last ones are good too, and do not depend on chance in the validation loss.
   *
   * @default "best"
   */
  keep?: "best" | "last";
  /** Early stopping: epochs without a lower validation loss. @default 8, or `epochs` if `keep` is "last" */
  patience?: number;
  /** Options of {@linkcode augmentBatch}, or `false` to train on unchanged photos. @default {} */
  augment?: AugmentOptions | false;
  /**
   * A teacher, whose predictions of each augmented photo replace the labels. `loss` and `accuracy` then compare
   * with its predictions; validation still uses the labels. It has the same classes, or three if two are learned.
   * The caller disposes it. Do not test on photos that the teacher was trained on.
   *
   * @default none
   */
  teacher?: Classifier;
  /** Seed of the order and the augmentation. @default 42 */
  seed?: number;
  /** Called after every batch, and awaited. */
  onBatch?: (status: TrainStatus) => void | Promise<void>;
  /** Called after every epoch, and awaited. */
  onEpoch?: (status: TrainStatus) => void | Promise<void>;
  /** Ends the run at the next batch: saves a last checkpoint, then throws the reason. */
  signal?: AbortSignal;
  /**
   * Ends the run at the next batch without an error: validates the unfinished epoch, and keeps the weights of the
   * best epoch, regardless of `keep`.
   */
  stop?: AbortSignal;
  /** A file for checkpoints: after every epoch, between batches, and when `signal` ends the run. */
  checkpoint?: string;
  /** Seconds from one checkpoint to the next. @default 30 */
  checkpointSeconds?: number;
  /** A checkpoint to resume, from {@linkcode loadCheckpoint}, with the same settings and photos. */
  resumeFrom?: Checkpoint;
}

/** The status of a run. */
export interface TrainStatus {
  /** The epoch in progress, from 1. */
  epoch: number;
  epochs: number;
  /** Batches done in this epoch. */
  batch: number;
  batches: number;
  /** Mean loss over this epoch's augmented photos so far. */
  loss: number;
  /** Mean accuracy over this epoch's augmented photos so far, 0..1. */
  accuracy: number;
  /** The metrics of the completed epochs. */
  history: History;
}

/** The result of a run. */
export interface TrainResult {
  history: History;
  /** The epoch whose weights the model has, from 1. */
  bestEpoch: number;
}

/** The options that determine the result of a run. */
export type TrainSettings =
  & Required<
    Pick<
      TrainOptions,
      | "classes"
      | "train"
      | "validation"
      | "epochs"
      | "batchSize"
      | "learningRate"
      | "keep"
      | "patience"
      | "augment"
      | "seed"
    >
  >
  & Pick<TrainOptions, "teacher">;

/**
 * Checks the options, and adds defaults.
 *
 * @throws {RangeError} if an option is out of range, or a part is empty
 */
export function checkSettings({
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
    if (part.length === 0) throw new RangeError(`${name} must be at least one index, got none`);
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
