/** Photos with annotations or labels: where they are in a folder. */
import { dirname, join } from "node:path";
import type { ClassMeaning } from "./class_names.ts";
import { readDataYaml } from "./data_yaml.ts";
import type { Layout, Scan } from "./dataset.ts";
import { isPhotoName, type ListFolder, stem, walkFiles } from "./list_folder.ts";
import { readImageSets, scanVoc } from "./voc_layout.ts";
import { scanYolo } from "./yolo_layout.ts";

/** A layout that was found. */
export interface FoundLayout {
  layout: Layout;
  /** Adds what it holds to a scan. */
  scan: (scan: Scan) => Promise<void>;
}

/** What a search for a layout goes by. */
export interface Search {
  list: ListFolder;
  classes?: Readonly<Record<string, ClassMeaning>>;
}

const PHOTO_FOLDER = /^(images?|jpegimages|imgs?|photos?)$/i;
const LABEL_FOLDER = /^(annotations?|xmls?|labels?)$/i;

/** Looks for a `data.yaml` that says where photos are. */
export async function findYaml(folder: string, search: Search): Promise<FoundLayout | undefined> {
  const yaml = await readDataYaml(folder, search.list);
  if (!yaml || yaml.parts.length === 0) return undefined;
  return { layout: "yolo", scan: (scan) => scanYolo(folder, search.list, scan, yaml) };
}

/** Looks for a folder of photos beside one of annotations or labels. */
export async function findPair(folder: string, search: Search): Promise<FoundLayout | undefined> {
  const { list } = search;
  const { folders } = await listOrNothing(folder, search);
  const photos = folders.find((name) => PHOTO_FOLDER.test(name));
  const labels = folders.find((name) => LABEL_FOLDER.test(name));
  if (photos === undefined || labels === undefined) return undefined;
  const pair = { photos: join(folder, photos), labels: join(folder, labels) };
  let hasText = false, hasXml = false;
  for await (const name of walkFiles(list, pair.labels)) {
    hasText ||= /\.txt$/i.test(name);
    hasXml ||= /\.xml$/i.test(name);
  }
  if (hasText && !hasXml) {
    return { layout: "yolo", scan: (scan) => scanYolo(pair.photos, list, scan) };
  }
  return {
    layout: "voc",
    scan: async (scan) =>
      await scanVoc(pair, list, scan, await readImageSets(folder, list, scan.notes)),
  };
}

/** Looks for annotations or labels beside their photos, in one folder. */
export async function findMixed(folder: string, search: Search): Promise<FoundLayout | undefined> {
  const { list } = search;
  const { files } = await listOrNothing(folder, search);
  const photos = new Set(files.filter(isPhotoName).map(stem));
  const holds = (ending: RegExp) =>
    files.some((name) => ending.test(name) && photos.has(stem(name)));
  if (holds(/\.xml$/i)) {
    return {
      layout: "voc",
      scan: (scan) => scanVoc({ photos: folder, labels: folder }, list, scan),
    };
  }
  if (holds(/\.txt$/i)) return { layout: "yolo", scan: (scan) => scanYolo(folder, list, scan) };
  return undefined;
}

/** Whether photos have an annotation or labels beside them, in a folder or in folders there. */
export async function holdsMixed(folder: string, list: ListFolder): Promise<boolean> {
  const photos = new Set<string>(), labels: string[] = [];
  for await (const name of walkFiles(list, folder)) {
    const path = join(dirname(name), stem(name));
    if (isPhotoName(name)) photos.add(path);
    else if (/\.(xml|txt)$/i.test(name)) labels.push(path);
  }
  return labels.some((path) => photos.has(path));
}

/** What is in a folder: nothing where it cannot be listed. */
export async function listOrNothing(folder: string, { list }: Search) {
  return await list(folder).catch(() => ({ folders: [], files: [] }));
}
