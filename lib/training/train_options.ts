/** How a model is trained, how far a run has come, and what it gave. */
import type { AugmentOptions } from "./augment.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { ClassName, History } from "../types.ts";

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
  /**
   * Ends the run at the next batch without an error: the epoch is cut short and validated, and the model has
   * the weights of the best epoch, whatever `keep` says.
   */
  stop?: AbortSignal;
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

/** The options that decide how a run goes. */
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

/** The settings with their defaults. */
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
