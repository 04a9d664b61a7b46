/** Which layout a folder of labelled photos has, and where in it. */
import { basename, join } from "node:path";
import { scanClassFolders } from "./class_folders.ts";
import { type ClassMeaning, readMeaning } from "./class_names.ts";
import type { Scan } from "./dataset.ts";
import {
  findMixed,
  findPair,
  findYaml,
  type FoundLayout,
  holdsMixed,
  listOrNothing,
  type Search,
} from "./find_annotated.ts";
import { isPhotoName, type ListFolder, rememberFolders, walkFiles } from "./list_folder.ts";
import { readPartName } from "./part_names.ts";

/** Folders looked into, one in the other, before giving up. */
const MAX_DEPTH = 5;
/** Folders looked into in all. */
const MAX_FOLDERS = 100;
const { InvalidData, NotFound } = Deno.errors;

/**
 * Looks for a layout in `folder`, then in all its folders, then in all of theirs, until one is found.
 *
 * @throws {Deno.errors.NotFound} if there is none
 * @throws {Deno.errors.InvalidData} if there are several
 */
export async function findLayout(
  folder: string,
  classes?: Readonly<Record<string, ClassMeaning>>,
): Promise<FoundLayout> {
  const search = { list: rememberFolders(), classes };
  await search.list(folder).catch((cause) => {
    throw new NotFound(
      `scanDataset() needs a folder of photos, cannot list ${folder}: ${cause.message}`,
      { cause },
    );
  });
  const looked: string[] = [];
  let level = [folder];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const found: { folder: string; it: FoundLayout }[] = [], next: string[] = [];
    for (const here of level.slice(0, MAX_FOLDERS - looked.length)) {
      const it = await lookInto(here, search);
      if (it) found.push({ folder: here, it });
      const { folders } = await listOrNothing(here, search);
      looked.push(`${here} (folders: ${folders.slice(0, 10).join(", ") || "none"})`);
      for (const name of folders) next.push(join(here, name));
    }
    const only = found.length > 1 ? found.filter((it) => basename(it.folder) === "data") : found;
    if (only.length === 1) return only[0]!.it;
    if (found.length > 1) {
      const names = found.map(({ folder }) => folder);
      throw new InvalidData(`${folder} must hold one data set, got several: ${names.join(", ")}`);
    }
    level = next;
  }
  const more = looked.length > 5 ? ` and ${looked.length - 5} more` : "";
  throw new NotFound(
    "scanDataset() needs folders of photos named for their class, such as with_mask and without_mask, or " +
      "images and annotations (PASCAL VOC, YOLO); other names are given by --classes; looked in " +
      `${looked.slice(0, 5).join(", then in ")}${more}`,
  );
}

async function lookInto(folder: string, search: Search): Promise<FoundLayout | undefined> {
  return await findHere(folder, search) ?? await findParts(folder, search);
}

/** Looks for a layout whose folders or files lie right in a folder. */
async function findHere(folder: string, search: Search): Promise<FoundLayout | undefined> {
  return await findClassFolders(folder, search) ?? await findYaml(folder, search) ??
    await findPair(folder, search) ?? await findMixed(folder, search);
}

/** Looks for folders of the parts of a split, each with the same layout in it. */
async function findParts(folder: string, search: Search): Promise<FoundLayout | undefined> {
  const { folders } = await listOrNothing(folder, search);
  const found: { name: string; it?: FoundLayout }[] = [];
  for (const name of folders.filter(readPartName)) {
    const here = join(folder, name), { folders: inner } = await listOrNothing(here, search);
    const it = await findHere(here, search) ??
      (inner.length === 1 ? await findHere(join(here, inner[0]!), search) : undefined);
    found.push({ name, it });
  }
  const layouts = new Set(found.flatMap(({ it }) => it?.layout ?? []));
  if (layouts.size === 0) return undefined;
  if (layouts.size > 1) {
    throw new InvalidData(`${folder} must be of one layout, got ${[...layouts].join(" and ")}`);
  }
  return {
    layout: [...layouts][0]!,
    async scan(scan) {
      for (const { name, it } of found) {
        const inner: Scan = { ...scan, photos: [] };
        if (!it) scan.notes.add("no layout", join(folder, name), "no labelled photos: not used");
        await it?.scan(inner);
        const part = readPartName(name)!;
        for (const photo of inner.photos) scan.photos.push({ ...photo, part });
      }
    },
  };
}

/**
 * Looks for folders named for classes. Others beside them that hold photos are taken as classes too, so that
 * they are asked about.
 */
async function findClassFolders(folder: string, search: Search): Promise<FoundLayout | undefined> {
  const { list, classes } = search;
  const { folders } = await listOrNothing(folder, search);
  const known: string[] = [], others: string[] = [], sure: string[] = [], whole: string[] = [];
  for (const name of folders) {
    const meaning = readMeaning(name, classes);
    if (meaning === undefined) others.push(name);
    else if (await isDataSet(join(folder, name), meaning, search)) whole.push(name);
    else known.push(name);
    if (isSure(meaning)) sure.push(name);
  }
  if (!sure.some((name) => known.includes(name))) return undefined;
  // Annotations in the only folder say more than its name.
  if (known.length === 1 && await holdsMixed(join(folder, known[0]!), list)) return undefined;
  if (whole.length > 0) {
    throw new InvalidData(
      `${folder} must have either classes or data sets as its folders, got ${
        known.join(", ")
      } and ` +
        `${whole.join(", ")}, which has folders of classes itself`,
    );
  }
  return {
    layout: "class-folders",
    async scan(scan) {
      for (const name of others) {
        if (await holdsPhotos(join(folder, name), list)) known.push(name);
      }
      await scanClassFolders(known.sort().map((name) => join(folder, name)), list, scan);
    },
  };
}

function isSure(meaning: ReturnType<typeof readMeaning>): boolean {
  return meaning !== undefined && !["face", "unclear", "ignore"].includes(meaning);
}

/** Whether a folder that has the name of a class is a data set of its own. */
async function isDataSet(folder: string, own: string, search: Search): Promise<boolean> {
  return await holdsOtherClasses(folder, own, search) ||
    await findYaml(folder, search) !== undefined || await findPair(folder, search) !== undefined;
}

/** Whether a folder, or one for a part in it, has folders of classes that are not its own, or a layout. */
async function holdsOtherClasses(
  folder: string,
  own: string,
  search: Search,
  depth = 2,
): Promise<boolean> {
  for (const name of (await listOrNothing(folder, search)).folders) {
    const meaning = readMeaning(name, search.classes);
    if (isSure(meaning) && meaning !== own) return true;
    if (depth === 1 || !readPartName(name)) continue;
    const part = join(folder, name);
    if (await holdsOtherClasses(part, own, search, depth - 1)) return true;
    if (await findPair(part, search)) return true;
  }
  return false;
}

/** Whether a folder, or one in it, holds a photo. */
async function holdsPhotos(folder: string, list: ListFolder): Promise<boolean> {
  for await (const name of walkFiles(list, folder)) if (isPhotoName(name)) return true;
  return false;
}
