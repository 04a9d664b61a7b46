/** What names the classes of YOLO's labels: `data.yaml`, or a list such as `classes.txt`. */
import { dirname, isAbsolute, join, relative } from "node:path";
import { parse } from "npm:yaml@2.9.1";
import type { Part } from "../types.ts";
import { readLabelText } from "./decode_text.ts";
import type { ListFolder } from "./list_folder.ts";
import type { YoloLabels } from "./yolo.ts";

/** A `data.yaml`, or what stands in for it. */
export interface DataYaml extends YoloLabels {
  file: string;
  /** Folders of photos, or lists of them, of each part, as the file has them. */
  parts: { part: Part; path: string }[];
  /** What `parts` are relative to, as the file has it. */
  root: string;
}

const YAML = /\.ya?ml$/i;
const USUAL = /^data(set)?\.ya?ml$/i;
/** As `labelImg`, Darknet and Roboflow write them. */
const LISTS = [/^classes\.txt$/i, /\.names$/i, /^_darknet\.labels$/i, /^labels\.txt$/i];
/** Folders above the labels that are looked into. */
const ABOVE = 3;

/**
 * Reads the text of a `data.yaml`, whose `names` are a list or a map of indices.
 *
 * @returns undefined if it has no `names`, and so is for something else
 * @throws {SyntaxError} if it is not YAML, or its `names` are not words
 * @example
 * ```ts
 * import { parseDataYaml } from "./data_yaml.ts";
 *
 * console.log(parseDataYaml("names: [mask, no-mask]\nval: valid/images", "data.yaml")?.parts);
 * ```
 */
export function parseDataYaml(text: string, file: string): DataYaml | undefined {
  let whole: unknown;
  try {
    whole = parse(text, { logLevel: "error" });
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n");
    throw new SyntaxError(`${file} must be YAML: ${line}`, { cause });
  }
  const { names, path, kpt_shape: keypoints, ...given } = Object(whole) as Record<string, unknown>;
  if (typeof names !== "object" || names === null) return undefined;
  if (Object.values(names).some((name) => typeof name === "object")) {
    throw new SyntaxError(`names in ${file} must be words, got lists or maps`);
  }
  const parts = ([["test", given.test], ["validation", given.val ?? given.valid], [
    "train",
    given.train,
  ]] as const).flatMap(([part, paths]) =>
    [paths].flat().filter((path) => typeof path === "string" && path !== "")
      .map((path) => ({ part, path: path as string }))
  );
  return {
    file,
    names: new Map(Object.entries(names).map(([index, name]) => [Number(index), String(name)])),
    hasKeypoints: keypoints !== undefined,
    parts,
    root: typeof path === "string" ? path : "",
  };
}

/**
 * Looks for a `data.yaml`, whatever it is called, in a folder.
 *
 * @returns undefined if there is none, or the folder cannot be listed
 * @throws {SyntaxError} if one of the usual name is not YAML
 */
export async function readDataYaml(
  folder: string,
  list: ListFolder,
): Promise<DataYaml | undefined> {
  const { files } = await list(folder).catch(() => ({ files: [] as string[] }));
  for (const name of files.filter((name) => YAML.test(name))) {
    try {
      const found = parseDataYaml(await readLabelText(join(folder, name)), join(folder, name));
      if (found) return found;
    } catch (error) {
      if (USUAL.test(name)) throw error;
    }
  }
  return undefined;
}

/** Looks for a list of names in a folder, a class a line. */
async function readNameList(folder: string, list: ListFolder): Promise<DataYaml | undefined> {
  const { files } = await list(folder).catch(() => ({ files: [] as string[] }));
  const name = LISTS.map((pattern) => files.find((name) => pattern.test(name))).find(Boolean);
  if (name === undefined) return undefined;
  const lines = (await readLabelText(join(folder, name))).trimEnd().split(/\r?\n/);
  const names = new Map(lines.map((line, index) => [index, line.trim()]));
  return { file: join(folder, name), names, parts: [], root: "" };
}

/** Looks for the names of classes beside labels and in the folders above, as far as they can be listed. */
export async function findNames(labels: string, list: ListFolder): Promise<DataYaml | undefined> {
  let folder = labels;
  for (let up = 0; up <= ABOVE; up++, folder = dirname(folder)) {
    const found = await readDataYaml(folder, list) ?? await readNameList(folder, list);
    if (found) return found;
  }
  return undefined;
}

/**
 * Finds what a path in a `data.yaml`, or in a list that it names, means within a folder. It may be that of
 * another machine, or start from another folder, as Roboflow's `../train/images` does: so many of its last
 * parts are taken as lead to something.
 *
 * @param from Folders that the path may be relative to.
 */
export async function findWithin(folder: string, from: readonly string[], path: string) {
  const names = path.split(/[\\/]+/).filter((name) => name !== "" && name !== ".");
  const tails = names.map((_, first) => names.slice(first)).filter(([first]) => first !== "..");
  const candidates = [
    ...from.map((start) => join(start, path)),
    ...tails.map((tail) => join(folder, ...tail)),
    ...(names.length === 0 ? [folder] : []),
  ];
  for (const candidate of candidates) {
    const way = relative(folder, candidate);
    if (way.startsWith("..") || isAbsolute(way)) continue;
    const info = await Deno.stat(candidate).catch(() => undefined);
    if (info) return { path: candidate, isFile: info.isFile };
  }
  return undefined;
}
