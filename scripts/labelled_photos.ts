/** What `train` and `evaluate` have in common: which labelled photos, and how they are read. */
import { type Command, Option } from "commander";
import { CLASSES, type ImageSet, type Task, type Unreadable } from "../lib/types.ts";
import type { Dataset, ScanOptions } from "../lib/dataset.ts";
import type { Split } from "../lib/split.ts";
import { parseWholeNumber, progressLine } from "./terminal.ts";

/** The options that {@linkcode addPhotoOptions} adds. */
export interface PhotoOptions extends Required<Pick<ScanOptions, "incorrect" | "minFace">> {
  data?: string;
  task?: Task;
  cache: boolean;
  json?: boolean;
}

/** Adds the options that say which photos are meant. */
export function addPhotoOptions(
  command: Command,
  { taskDefault, tasks = Object.keys(CLASSES) }: { taskDefault: string; tasks?: string[] },
) {
  return command
    .option(
      "--data <path>",
      "folder or zip of labelled photos: class folders or PASCAL VOC (default: as the notebook finds them)",
    )
    .addOption(
      new Option("--task <task>", `two classes or three (default: ${taskDefault})`)
        .choices(tasks),
    )
    .addOption(
      new Option("--incorrect <what>", "what becomes of masks worn incorrectly in the binary task")
        .choices(["leave-out", ...CLASSES.binary]).default("leave-out"),
    )
    .option(
      "--min-face <pixels>",
      "leave out faces of fewer, on the shorter side",
      parseWholeNumber(0),
      0,
    )
    .option("--no-cache", "decode the photos anew, and do not keep them for the next time");
}

/** Labelled photos in memory, and what is said about those that are not. */
export interface LabelledPhotos {
  dataset: Dataset;
  images: ImageSet;
  /** As the commands' JSON has it. */
  report: { data: string; leftOut: Dataset["leftOut"]; unreadable: Unreadable[] };
}

/** Finds, lists and reads the photos; without `--json` says on stderr what is missing. */
export async function loadLabelledPhotos(
  { data: path, task, incorrect, minFace, cache, json }: PhotoOptions,
  { size, margin }: { size?: number; margin?: number } = {},
): Promise<LabelledPhotos> {
  const lib = await import("../lib/mod.ts");
  const onProgress = json ? undefined : progressLine();
  const data = path ? await lib.openData(path, { onProgress }) : await lib.getData({ onProgress });
  const dataset = await lib.scanDataset(data.folder, { task, incorrect, minFace });
  const images = await lib.loadImages(dataset.samples, {
    size,
    margin,
    cache: cache && data.cache,
    onProgress,
  });
  const { leftOut } = dataset;
  const unreadable = [...dataset.unreadable, ...images.unreadable];
  if (!json) {
    if (leftOut.length > 0) console.error(lib.describeLeftOut(leftOut));
    console.error(lib.describeUnreadable(unreadable));
  }
  return { dataset, images, report: { data: data.name, leftOut, unreadable } };
}

/**
 * The places of the photos or faces in one part of the split that `train` makes with the same options; of
 * all of them without a part.
 */
export async function selectPart(
  { dataset, images }: LabelledPhotos,
  { part, seed }: { part?: keyof Split; seed: number },
): Promise<number[]> {
  const all = [...images.samples.keys()];
  if (!part) return all;
  const lib = await import("../lib/mod.ts");
  // At the size and margin of `train`, as the model's own would group the photos otherwise.
  const asTrained = await lib.loadImages(dataset.samples);
  const { groups } = lib.groupDuplicates(asTrained);
  const split = lib.splitDataset(asTrained.samples, { seed, groups });
  const files = new Set(split[part].map((index) => asTrained.samples[index]!.file));
  return all.filter((index) => files.has(images.samples[index]!.file));
}
