/** What a folder of labelled photos holds. */
import type { ClassName, Sample, Task, Unreadable } from "../types.ts";

/** What `scanDataset` found. */
export interface Dataset {
  layout: "class-folders" | "voc";
  /** The task's classes; a class's place here is its numeric label. */
  classes: readonly ClassName[];
  /** In code-unit order of the file names; faces of one photo in the order of its annotation. */
  samples: Sample[];
  /** All photos that somebody labelled, those without a usable face too. */
  photos: string[];
  /** Readable samples that were left out on purpose, counted by reason. */
  leftOut: { reason: string; count: number }[];
  /** Annotations, and faces of them, that could not be used. */
  unreadable: Unreadable[];
  /** What is odd: a box clipped to its photo, a folder among photos, a photo without an annotation. */
  notes: Unreadable[];
}

/** Options of `scanDataset`. */
export interface ScanOptions {
  /** @default "binary" */
  task?: Task;
  /**
   * What becomes of `mask_weared_incorrect` in the binary task: left out and counted, or counted as
   * one of the two classes.
   *
   * @default "leave-out"
   */
  incorrect?: "leave-out" | "with_mask" | "without_mask";
  /** Faces whose box is smaller on its shorter side, in pixels, are left out and counted. @default 0 */
  minFace?: number;
  /** Whether each class of the task must have a sample. @default true */
  eachClass?: boolean;
}

/** What a layout holds, before a task chooses from it. */
export type Scan = Pick<Dataset, "samples" | "photos" | "unreadable" | "notes">;
