/** Options and reading of labelled photos, for `train` and `evaluate`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { LabelledPhotos, LabelledPhotosOptions } from "../lib/data/labelled_photos.ts";
import { CLASSES, type Task } from "../lib/types.ts";
import { checkClassMap, type ClassMeaning } from "../lib/data/class_names.ts";
import { parsePath, parseWholeNumber, printable, progressLine } from "./terminal.ts";

/** The library. It is loaded after the engine is set up. */
export type Lib = typeof import("../lib/mod.ts");

/** The options that {@linkcode addPhotoOptions} adds. */
export interface PhotoOptions
  extends Required<Pick<LabelledPhotosOptions, "incorrect" | "minFace" | "cache">> {
  data: string[];
  task?: Task;
  splitSeed: number;
  splitBy: "scene" | "photo";
  classes?: Record<string, ClassMeaning>;
  json?: boolean;
}

/** Adds the options that select the photos. */
export function addPhotoOptions(
  command: Command,
  { taskDefault, tasks = Object.keys(CLASSES) }: { taskDefault: string; tasks?: string[] },
) {
  return command
    .addOption(
      new Option(
        "--data <path>",
        "folder or zip of labelled photos: class folders, PASCAL VOC or YOLO; can be given more than once",
      ).argParser((path: string, paths: string[]) => [...paths, parsePath(path)])
        .default([], "the notebook's photos"),
    )
    .addOption(
      new Option("--task <task>", `two classes or three (default: ${taskDefault})`)
        .choices(tasks),
    )
    .addOption(
      new Option("--incorrect <what>", "the class of masks worn incorrectly in the binary task")
        .choices(["leave-out", ...CLASSES.binary]).default("leave-out"),
    )
    .option(
      "--classes <names>",
      'the meaning of other class names: "their name=with_mask,another=ignore"',
      parseClasses,
    )
    .option(
      "--min-face <pixels>",
      "leave out faces whose shorter side has fewer pixels",
      parseWholeNumber(0),
      0,
    )
    .option(
      "--split-seed <n>",
      "seed of the split into training, validation and test",
      parseWholeNumber(0),
      2026,
    )
    .addOption(
      new Option(
        "--split-by <what>",
        "scene: near-duplicates stay in one part; photo: each photo is placed alone, which makes results too " +
          "optimistic",
      ).choices(["scene", "photo"]).default("scene"),
    )
    .option("--no-cache", "decode the photos again, and do not cache them");
}

/** Opens and reads the photos; without `--json`, reports problems on stderr. */
export async function readLabelledPhotos(
  lib: Lib,
  { data: paths, task, incorrect, classes, minFace, cache, json }: PhotoOptions,
  { size, margin, eachClass }: Pick<LabelledPhotosOptions, "size" | "margin" | "eachClass"> = {},
): Promise<LabelledPhotos> {
  const onProgress = json ? undefined : progressLine();
  const sources = [];
  for (const path of paths) sources.push(await lib.openData(path, { onProgress }));
  if (sources.length === 0) sources.push(await lib.getData({ onProgress }));
  const reading = { task, incorrect, classes, minFace, size, margin, eachClass, cache, onProgress };
  const photos = await lib.loadLabelledPhotos(sources, reading);
  if (json) return photos;
  console.error(printable(lib.describeProblems(photos)));
  return {
    ...photos,
    split(options) {
      const split = photos.split(options);
      for (const note of split.notes) console.error(`note: ${printable(note)}`);
      return split;
    },
  };
}

/** Parses `their name=with_mask,another=ignore`. */
function parseClasses(text: string): Record<string, ClassMeaning> {
  const pairs = text.split(",").map((pair) => pair.split("=").map((it) => it.trim()));
  for (const [name, meaning, more] of pairs) {
    if (!name || !meaning || more !== undefined) {
      throw new InvalidArgumentError(
        `must be "name=class,name=class", got ${JSON.stringify(text)}`,
      );
    }
  }
  const classes = Object.fromEntries(pairs);
  try {
    checkClassMap(classes);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return classes;
}

/** Writes each warning to stderr, except with `--json`. */
export function showWarnings(warnings: readonly string[], { json }: { json?: boolean }): void {
  if (!json) { for (const warning of warnings) console.error(`warning: ${printable(warning)}`); }
}
