/** What `train` and `evaluate` have in common: which labelled photos, and how they are read. */
import { type Command, Option } from "commander";
import type { LabelledPhotos, LabelledPhotosOptions } from "../lib/data/labelled_photos.ts";
import { CLASSES, type Task } from "../lib/types.ts";
import { parsePath, parseWholeNumber, printable, progressLine } from "./terminal.ts";

/** The options that {@linkcode addPhotoOptions} adds. */
export interface PhotoOptions
  extends Required<Pick<LabelledPhotosOptions, "incorrect" | "minFace" | "cache">> {
  data: string[];
  task?: Task;
  splitSeed: number;
  json?: boolean;
}

/** Adds the options that say which photos are meant. */
export function addPhotoOptions(
  command: Command,
  { taskDefault, tasks = Object.keys(CLASSES) }: { taskDefault: string; tasks?: string[] },
) {
  return command
    .addOption(
      new Option(
        "--data <path>",
        "folder or zip of labelled photos: class folders or PASCAL VOC; may be given more than once",
      ).argParser((path: string, paths: string[]) => [...paths, parsePath(path)])
        .default([], "as the notebook finds them"),
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
    .option(
      "--split-seed <n>",
      "for the split into training, validation and test",
      parseWholeNumber(0),
      2026,
    )
    .option("--no-cache", "decode the photos anew, and do not keep them for the next time");
}

/** Finds, lists and reads the photos; without `--json` says on stderr what is missing. */
export async function readLabelledPhotos(
  { data: paths, task, incorrect, minFace, cache, json }: PhotoOptions,
  { size, margin, eachClass }: Pick<LabelledPhotosOptions, "size" | "margin" | "eachClass"> = {},
): Promise<LabelledPhotos> {
  const lib = await import("../lib/mod.ts");
  const onProgress = json ? undefined : progressLine();
  const sources = [];
  for (const path of paths) sources.push(await lib.openData(path, { onProgress }));
  if (sources.length === 0) sources.push(await lib.getData({ onProgress }));
  const photos = await lib.loadLabelledPhotos(sources, {
    task,
    incorrect,
    minFace,
    size,
    margin,
    eachClass,
    cache,
    onProgress,
  });
  if (!json) {
    if (photos.leftOut.length > 0) console.error(lib.describeLeftOut(photos.leftOut));
    console.error(printable(lib.describeUnreadable(photos.unreadable)));
    if (photos.notes.length > 0) console.error(printable(lib.describeNotes(photos.notes)));
  }
  return photos;
}
