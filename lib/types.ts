/** Defines the types that all modules share. */
import type { PixelSet } from "./photo.ts";

/** The labels of both Kaggle data sets, spelled as in their folders and annotations. */
export type ClassName = "with_mask" | "without_mask" | "mask_weared_incorrect";

/** Two classes with a sigmoid, or three with a softmax. */
export type Task = "binary" | "three-class";

/** The classes of each task; a class's index is its numeric label. */
export const CLASSES: Readonly<Record<Task, readonly ClassName[]>> = {
  binary: ["without_mask", "with_mask"],
  "three-class": ["without_mask", "with_mask", "mask_weared_incorrect"],
};

/** A rectangle in pixels of the upright photo; `left` and `top` count from 0. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The margin around a face's box on each side, as a share of the box's size: it shows hair and chin. */
export const FACE_MARGIN = 0.15;

/** One labelled photo, or one labelled face of a photo. */
export interface Sample {
  /** The photo's path. */
  file: string;
  className: ClassName;
  /** The face within the photo; if absent, the sample is the whole photo. */
  box?: Box;
  /** Marked as difficult, as in PASCAL VOC: not used for training or evaluation. */
  isDifficult?: boolean;
  /** The part that the data set's own split assigns. */
  part?: Part;
}

/** A part of a split. */
export type Part = "train" | "validation" | "test";

/** A file (or an entry of one) that could not be used, and the reason. */
export interface Unreadable {
  file: string;
  reason: string;
}

/** Labelled photos of one size. */
export interface ImageSet extends PixelSet {
  /** One per photo, in the order of `pixels`. */
  samples: Sample[];
  unreadable: Unreadable[];
}

/** The metrics of a training run: one number per epoch in each array. */
export interface History {
  loss: number[];
  accuracy: number[];
  valLoss: number[];
  valAccuracy: number[];
}

/** The progress of a long operation. */
export interface Progress {
  /** The current step in a few words, such as "Reading photos". */
  stage: string;
  /** A value that changes within the step, such as a loss. */
  detail?: string;
  done: number;
  total?: number;
}
/** Called repeatedly as work proceeds. */
export type OnProgress = (progress: Progress) => void;

/** A seeded generator of numbers in 0 <= x < 1. */
export type Random = () => number;

/**
 * Formats a count with its noun.
 *
 * @param one The singular.
 * @param many The plural. @default `one` followed by "s"
 * @example
 * ```ts
 * import { plural } from "./types.ts";
 *
 * console.log(plural(1, "photo"), plural(3448, "photo")); // 1 photo 3,448 photos
 * ```
 */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
