/** The words that all modules share. */
import type { PixelSet } from "./photo.ts";

/** The labels of both Kaggle sets, spelled as in their folders and annotations. */
export type ClassName = "with_mask" | "without_mask" | "mask_weared_incorrect";

/** Two classes and a sigmoid, or three and a softmax. */
export type Task = "binary" | "three-class";

/** The classes of each task; a class's place here is its numeric label. */
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

/** What is shown around a face's box on each side, as a share of the box's size: hair and chin. */
export const FACE_MARGIN = 0.15;

/** One labelled photo, or one labelled face of a photo. */
export interface Sample {
  /** The photo's path. */
  file: string;
  className: ClassName;
  /** The face within the photo; without it the whole photo is the sample. */
  box?: Box;
  /** Marked as hard to recognise, as PASCAL VOC does: not trained on, and not judged. */
  isDifficult?: boolean;
  /** Where the data set's own split has it. */
  part?: Part;
}

/** A part of a split. */
export type Part = "train" | "validation" | "test";

/** A file (or an entry of one) that could not be used, and why: listed, never silently dropped. */
export interface Unreadable {
  file: string;
  reason: string;
}

/** Labelled photos of one size. */
export interface ImageSet extends PixelSet {
  /** The samples that were read, in the order of `pixels`. */
  samples: Sample[];
  unreadable: Unreadable[];
}

/** What each epoch of a training run measured; all arrays are of the same length. */
export interface History {
  loss: number[];
  accuracy: number[];
  valLoss: number[];
  valAccuracy: number[];
}

/** Progress of anything that takes longer than two seconds. */
export interface Progress {
  /** What is being done, in a few words that stay the same until something else begins. */
  stage: string;
  /** What changes meanwhile, such as a rate or a loss. */
  detail?: string;
  done: number;
  total?: number;
}
/** Called as work goes on. */
export type OnProgress = (progress: Progress) => void;

/** A seeded source of numbers in 0 <= x < 1; passed in, never `Math.random`. */
export type Random = () => number;

/**
 * Counts in words.
 *
 * @param one What one of them is called.
 * @param many What more of them are called. @default `one` and an s
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
