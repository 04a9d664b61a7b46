/** What a folder of labelled photos holds. */
import type { ClassName, OnProgress, Part, Sample, Task, Unreadable } from "../types.ts";
import type { ClassMeaning } from "./class_names.ts";
import type { StoredSize } from "./fit_boxes.ts";
import type { Notes } from "./notes.ts";
import type { Annotation } from "./voc.ts";

/** Photos in folders named for their class, or beside PASCAL VOC annotations or YOLO labels. */
export type Layout = "class-folders" | "voc" | "yolo";

/** What `scanDataset` found. */
export interface Dataset {
  layout: Layout;
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
  /** What is odd, each kind once and counted: boxes clipped or scaled, photos without an annotation. */
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
  /**
   * What classes of the set mean whose names do not say it: one of ours, or "ignore".
   *
   * @default {} as the names say
   */
  classes?: Readonly<Record<string, ClassMeaning>>;
  onProgress?: OnProgress;
}

/** A photo that somebody labelled, before anything of it is read. */
export interface LabelledPhoto {
  file: string;
  /** What says its labels: itself, its annotation, its text file. */
  source: string;
  /** Where the data set's own split has it. */
  part?: Part;
  /** The classes of its faces, in the data set's names. */
  labels: readonly string[];
  /** Its faces with boxes that lie in it; none has a box where the photo as a whole is labelled. */
  place?: (photo?: StoredSize) => Annotation;
}

/** What a layout holds, in the data set's own names. */
export interface Scan {
  photos: LabelledPhoto[];
  unreadable: Unreadable[];
  notes: Notes;
  onProgress?: OnProgress;
}
