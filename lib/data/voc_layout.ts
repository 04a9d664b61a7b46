/** Photos and PASCAL VOC annotations, in folders of their own or in one. */
import { basename, extname, join } from "node:path";
import pMap from "npm:p-map@7.1.1";
import type { Part } from "../types.ts";
import type { Scan } from "./dataset.ts";
import { readLabelText } from "./decode_text.ts";
import { isPhotoName, type ListFolder, stem } from "./list_folder.ts";
import { readPartName } from "./part_names.ts";
import { parseAnnotation, type ParsedAnnotation } from "./voc.ts";

/** Annotations that are read at a time. */
const AT_ONCE = 16;

/** Where photos and their annotations or labels are. */
export interface FolderPair {
  photos: string;
  labels: string;
}

/**
 * Reads the annotations of a folder and lists the photos that they are of, those of folders of the same
 * name in both as well. A photo belongs to the annotation of its name.
 *
 * @param partOf The part of a photo, by its name without its ending.
 */
export async function scanVoc(
  { photos: photoFolder, labels: labelFolder }: FolderPair,
  list: ListFolder,
  scan: Scan,
  partOf?: ReadonlyMap<string, Part>,
): Promise<void> {
  const [photoListing, labelListing] = [await list(photoFolder), await list(labelFolder)];
  const isXml = (name: string) => extname(name).toLowerCase() === ".xml";
  const photos = photoListing.files.filter((name) => !isXml(name));
  const xmlFiles = labelListing.files.filter(isXml);
  if (xmlFiles.length === 0 && labelListing.folders.length === 0) {
    scan.unreadable.push({ file: labelFolder, reason: "holds no .xml" });
  }
  const photosOf = Map.groupBy(photos, stem);
  const annotatedStems = new Set(xmlFiles.map(stem));
  const unused = new Set(photos);

  let done = 0;
  const read = await pMap(xmlFiles, async (name) => {
    const annotation = await readAnnotation(join(labelFolder, name));
    scan.onProgress?.({ stage: "Reading annotations", done: ++done, total: xmlFiles.length });
    return annotation;
  }, { concurrency: AT_ONCE });
  for (const [index, name] of xmlFiles.entries()) {
    const source = join(labelFolder, name), annotation = read[index]!;
    if (annotation instanceof Error) {
      scan.unreadable.push({ file: source, reason: annotation.message });
      continue;
    }
    const { labels, place, filename = "" } = annotation;
    const named = unused.has(filename) && !annotatedStems.has(stem(filename))
      ? filename
      : undefined;
    const own = photosOf.get(stem(name)) ?? [];
    const photo = own.find((photo) => photo === filename) ?? own[0] ?? named;
    const says = `<filename> is ${JSON.stringify(filename)}`;
    if (photo === undefined) {
      const reason = `no photo ${stem(name)}.* in ${photoFolder}; ${says}`;
      scan.unreadable.push({ file: source, reason });
      continue;
    }
    unused.delete(photo);
    if (!own.includes(photo)) {
      scan.notes.add("named", source, `no photo ${stem(name)}.*: uses its <filename>, ${photo}`);
    } else if (filename !== "" && photo !== filename) {
      scan.notes.add("other name", source, `${says}: uses ${photo}`);
    }
    const part = partOf?.get(stem(photo));
    scan.photos.push({
      file: join(photoFolder, photo),
      source,
      labels,
      place,
      ...(part && { part }),
    });
  }
  for (const photo of unused) {
    scan.notes.add("no annotation", join(photoFolder, photo), "no annotation: not used");
  }
  if (photoFolder === labelFolder) return;
  for (const name of photoListing.folders.filter((it) => labelListing.folders.includes(it))) {
    const pair = { photos: join(photoFolder, name), labels: join(labelFolder, name) };
    const inner: Scan = { ...scan, photos: [] };
    await scanVoc(pair, list, inner, partOf);
    const part = readPartName(name);
    for (const photo of inner.photos) scan.photos.push({ ...part && { part }, ...photo });
  }
}

/** The annotation, or the error that says why it cannot be used. */
async function readAnnotation(file: string): Promise<ParsedAnnotation | Error> {
  try {
    return parseAnnotation(await readLabelText(file));
  } catch (error) {
    return error as Error;
  }
}

/**
 * Reads PASCAL VOC's lists of what is in each part: `ImageSets/Main/train.txt` and so on. A photo that is
 * in several belongs to the test before the validation part, and to that before the training part.
 *
 * @returns the part of each photo, by its name without its ending; undefined if there are no lists
 */
export async function readImageSets(
  folder: string,
  list: ListFolder,
  notes: Scan["notes"],
): Promise<Map<string, Part> | undefined> {
  const sets = (await list(folder)).folders.find((name) => /^imagesets$/i.test(name));
  if (sets === undefined) return undefined;
  const main = (await list(join(folder, sets))).folders.find((name) => /^main$/i.test(name));
  const lists = join(folder, sets, main ?? "");
  const files = (await list(lists)).files.filter((name) => extname(name) === ".txt");
  const isDealt = files.some((name) => readPartName(stem(name)) === "validation");
  const partOf = new Map<string, Part>();
  for (const part of ["test", "validation", "train"] as const) {
    for (const name of files.filter((name) => readPartName(stem(name)) === part)) {
      if (isDealt && /trainval/i.test(name)) continue; // both parts are listed, each for itself
      const file = join(lists, name);
      for (const line of (await readLabelText(file, MAX_LIST_BYTES)).split(/\r?\n/)) {
        const [name] = line.trim().split(/\s+/) as [string];
        if (name === "") continue;
        const photo = isPhotoName(name) ? stem(name) : basename(name);
        const known = partOf.get(photo);
        if (known === undefined) partOf.set(photo, part);
        else if (known !== part) {
          notes.add("in two parts", file, `${photo} is listed for ${known} too, and belongs there`);
        }
      }
    }
  }
  return partOf.size > 0 ? partOf : undefined;
}

/** Names of a million photos. */
const MAX_LIST_BYTES = 2 ** 25;
