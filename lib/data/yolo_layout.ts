/** Photos and YOLO's text labels, in folders of their own or in one. */
import { basename, dirname, join, sep } from "node:path";
import pMap, { pMapSkip } from "npm:p-map@7.1.1";
import type { Part } from "../types.ts";
import { type DataYaml, findNames, findWithin } from "./data_yaml.ts";
import type { LabelledPhoto, Scan } from "./dataset.ts";
import { readLabelText } from "./decode_text.ts";
import { isPhotoName, type ListFolder, stem, walkFiles } from "./list_folder.ts";
import { readPartName } from "./part_names.ts";
import { parseYoloLabels } from "./yolo.ts";

/** Label files that are read at a time. */
const AT_ONCE = 16;
/** Paths of a million photos. */
const MAX_LIST_BYTES = 2 ** 27;
const PHOTO_FOLDER = /^(images?|jpegimages|imgs?|photos?)$/i;
const LABEL_FOLDER = /^(labels?|annotations?)$/i;

/** Photos of one part: those of a folder, or some of them. */
interface PhotoFolder {
  folder: string;
  part?: Part;
  only?: Set<string>;
}

/** A photo, and the text file with its labels. */
type PhotoFile = Pick<LabelledPhoto, "file" | "source" | "part">;

/**
 * Reads the labels of the photos in a folder, and in folders there. Labels lie beside their photo, or in a
 * folder `labels` beside the photos' `images`.
 *
 * @param yaml Says which folders or lists belong to which part.
 */
export async function scanYolo(
  folder: string,
  list: ListFolder,
  scan: Scan,
  yaml?: DataYaml,
): Promise<void> {
  const found = await findPhotos(yaml ? await findFolders(yaml, scan) : [{ folder }], list, scan);
  const labels = found.length > 0 ? dirname(found[0]!.source) : folder;
  const how = yaml ?? await findNames(labels, list) ?? { names: new Map() };
  let done = 0;
  const photos = await pMap(found, async (photo): Promise<LabelledPhoto | typeof pMapSkip> => {
    scan.onProgress?.({ stage: "Reading labels", done: ++done, total: found.length });
    try {
      return { ...photo, ...parseYoloLabels(await readLabelText(photo.source), how) };
    } catch (error) {
      scan.unreadable.push({ file: photo.source, reason: (error as Error).message });
      return pMapSkip;
    }
  }, { concurrency: AT_ONCE });
  for (const photo of photos) scan.photos.push(photo);
}

async function findPhotos(
  folders: PhotoFolder[],
  list: ListFolder,
  { notes }: Scan,
): Promise<PhotoFile[]> {
  const labelsOf = new Map<string, { folder: string; names: Set<string> }>();
  const found = new Map<string, PhotoFile>();
  for (const { folder, part, only } of folders) {
    for await (const name of walkFiles(list, folder)) {
      const file = join(folder, name), home = dirname(file), label = `${stem(name)}.txt`;
      if (!isPhotoName(name) || (only && !only.has(file))) continue;
      if (!labelsOf.has(home)) labelsOf.set(home, await findLabels(home, list));
      const labels = labelsOf.get(home)!, known = found.get(file);
      const own = part ?? dirname(name).split(sep).flatMap((it) => readPartName(it) ?? [])[0];
      if (!labels.names.has(label)) notes.add("no label", file, "no label file: not used");
      else if (!known) {
        found.set(file, { file, source: join(labels.folder, label), ...(own && { part: own }) });
      } else if (known.part !== own) {
        notes.add(
          "in two parts",
          file,
          `listed for ${known.part} and ${own}: stays in ${known.part}`,
        );
      }
    }
  }
  return [...found.values()];
}

/** The folders of photos that a `data.yaml` means, and which of their photos its lists do. */
async function findFolders(yaml: DataYaml, { notes }: Scan): Promise<PhotoFolder[]> {
  const home = dirname(yaml.file);
  const folders: PhotoFolder[] = [];
  for (const { part, path } of yaml.parts) {
    const found = await findWithin(home, [join(home, yaml.root)], path);
    if (!found) notes.add(`no ${part}`, yaml.file, `${path} of its ${part} part is not there`);
    else if (!found.isFile) folders.push({ folder: found.path, part });
    else folders.push(...await readPhotoList(found.path, home, part));
  }
  return folders;
}

/** The photos that a list names, a path a line. */
async function readPhotoList(file: string, home: string, part: Part): Promise<PhotoFolder[]> {
  const lines = (await readLabelText(file, MAX_LIST_BYTES)).split(/\r?\n/)
    .map((line) => line.trim()).filter((line) => line !== "");
  const folders: PhotoFolder[] = [];
  for (const [folder, those] of Map.groupBy(lines, (line) => dirname(line))) {
    const found = await findWithin(home, [dirname(file)], folder);
    if (!found || found.isFile) continue;
    const only = new Set(those.map((line) => join(found.path, basename(line))));
    folders.push({ folder: found.path, part, only });
  }
  return folders;
}

/** Where the labels of a folder's photos are, and their names. */
async function findLabels(folder: string, list: ListFolder) {
  const names = folder.split(sep);
  const at = names.findLastIndex((name) => PHOTO_FOLDER.test(name));
  const above = names.slice(0, at).join(sep);
  const nothing = { folders: [], files: [] }; // what is not there, or must not be read
  const beside = at < 1
    ? undefined
    : (await list(above).catch(() => nothing)).folders.find((name) => LABEL_FOLDER.test(name));
  const labels = beside ? join(above, beside, ...names.slice(at + 1)) : folder;
  const { files } = await list(labels).catch(() => nothing);
  return { folder: labels, names: new Set<string>(files) };
}
