/** A folder of labelled photos, in any of three layouts, to samples. Decodes no photo. */
import pMap from "npm:p-map@7.1.1";
import { readPhotoSize } from "../images/photo_size.ts";
import { CLASSES, type ClassName, type OnProgress, type Sample } from "../types.ts";
import {
  checkClassMap,
  type ClassMeaning,
  mapClasses,
  type NamedClass,
  readMeaning,
} from "./class_names.ts";
import type { Dataset, LabelledPhoto, Scan, ScanOptions } from "./dataset.ts";
import { findLayout } from "./find_layout.ts";
import type { StoredSize } from "./fit_boxes.ts";
import { Notes } from "./notes.ts";
import { refuseMissing, refuseUnusable } from "./refuse_missing.ts";
import { selectSamples } from "./select_samples.ts";
import type { Annotation } from "./voc.ts";

/** Photos whose size is read at a time. */
const AT_ONCE = 16;
/** A name that fewer of a hundred faces with boxes have is a slip, and not a class. */
const SLIP_PERCENT = 1;

/**
 * Lists the samples of a data set in one of three layouts:
 *
 * - class folders: such as `with_mask`, `without_mask` and perhaps `mask_weared_incorrect`; each file in them,
 *   or in folders there, is a sample (whether it is a photo shows when it is decoded);
 * - PASCAL VOC: `images` and `annotations` (or `JPEGImages` and `Annotations`), or both kinds of files in one
 *   folder; each face of each annotation is a sample with a box. A photo belongs to the annotation of the same
 *   name. `ImageSets/Main` is kept as the split.
 * - YOLO: `images` and `labels`, or both kinds of files in one folder, with `data.yaml` or `classes.txt`.
 *
 * They may lie in `folder` or in folders there, and in folders for the parts of a split, such as `Train`,
 * `Validation` and `Test`, which is kept. Hidden files and those that operating systems leave behind are
 * passed over.
 *
 * Common names of classes are understood (see `readClassName`); `classes` gives the meaning of the others.
 *
 * @throws {Deno.errors.NotFound} If `folder` is not a folder or holds no layout.
 * @throws {Deno.errors.InvalidData} If a class has no meaning, or may have two; if nothing that is labelled
 * can be used; if a class of the task has no sample, unless `eachClass` is false.
 * @throws {RangeError} If an option is none of those above.
 * @example
 * ```ts
 * import { scanDataset } from "./scan_dataset.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const className of ["WithMask", "no mask"]) {
 *   await Deno.mkdir(`${folder}/data/${className}`, { recursive: true });
 *   await Deno.writeFile(`${folder}/data/${className}/1.jpg`, new Uint8Array());
 * }
 * const { layout, samples } = await scanDataset(folder);
 * console.log(layout, samples.map(({ className }) => className)); // class-folders without_mask, with_mask
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function scanDataset(folder: string, options: ScanOptions = {}): Promise<Dataset> {
  const { task = "binary", eachClass = true } = options;
  selectSamples([], options); // refuses bad options before anything is read
  const dataset = await scanAll(folder, options);
  const { samples, leftOut } = selectSamples(dataset.samples, options);
  const selected = { ...dataset, classes: CLASSES[task], samples, leftOut };
  if (eachClass) refuseMissing(selected, folder);
  return selected;
}

/**
 * Lists all samples of a data set, those that no task has a use for too.
 *
 * @throws what {@linkcode scanDataset} throws
 */
export async function scanAll(
  folder: string,
  { classes, onProgress }: Pick<ScanOptions, "classes" | "onProgress"> = {},
): Promise<Dataset> {
  checkClassMap(classes);
  const { layout, scan: scanLayout } = await findLayout(folder, classes);
  const scan: Scan = { photos: [], unreadable: [], notes: new Notes(), onProgress };
  await scanLayout(scan);
  const meanings = readClasses(scan, folder, classes);
  const isBoxed = layout !== "class-folders";
  const photos = isBoxed ? scan.photos : sortByClass(scan.photos, meanings);
  const placed = isBoxed ? await placeAll(photos, onProgress) : [];
  const { samples, files } = listSamples(photos, placed, meanings, scan);
  const { unreadable } = scan;
  if (samples.length === 0) refuseUnusable(unreadable, folder);
  return {
    layout,
    classes: CLASSES["three-class"],
    samples,
    photos: [...files],
    leftOut: [],
    unreadable,
    notes: scan.notes.list(),
  };
}

/**
 * The samples of photos, and the photos that are labelled, those without a face too.
 *
 * @param placed The faces of each photo; empty where photos are labelled as a whole.
 */
function listSamples(
  photos: readonly LabelledPhoto[],
  placed: readonly Placed[],
  meanings: ReadonlyMap<string, ClassMeaning>,
  scan: Scan,
): { samples: Sample[]; files: Set<string> } {
  const samples: Sample[] = [], files = new Set<string>();
  for (const [index, photo] of photos.entries()) {
    const { file, source, part } = photo, own = placed[index];
    if (own) files.add(file);
    for (const { label, ...face } of own ? listFaces(photo, own, scan) : [wholePhoto(photo)]) {
      const className = meanings.get(label);
      if (className === undefined) {
        const reason = `face of unknown class ${JSON.stringify(label.slice(0, 40))}`;
        scan.unreadable.push({ file: source, reason });
      } else if (className === "ignore") {
        scan.notes.add(`ignored ${label}`, source, `class ${label} is ignored, as classes says`);
      } else {
        samples.push({ file, className, ...face, ...(part && { part }) });
        files.add(file);
      }
    }
  }
  return { samples, files };
}

const wholePhoto = ({ labels }: LabelledPhoto) => ({ label: labels[0]! });

/** What the classes of a set mean; not of those that so few faces with boxes have that they are slips. */
function readClasses(
  { photos, notes }: Scan,
  folder: string,
  classes: ScanOptions["classes"],
): Map<string, ClassMeaning> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { labels } of photos) {
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    total += labels.length;
  }
  const named = [...counts].map(([name, count]) => ({ name, count }));
  const isBoxed = photos.some(({ place }) => place);
  const isSlip = ({ name, count }: NamedClass) =>
    isBoxed && 100 * count < SLIP_PERCENT * total && readMeaning(name, classes) === undefined;
  const meanings = mapClasses(named.filter((it) => !isSlip(it)), classes, folder);
  const read = Map.groupBy(meanings.keys(), (name) => meanings.get(name)!).entries()
    .filter(([meaning, names]) => names.length > 1 || names[0] !== meaning)
    .map(([meaning, names]) => `${names.join(" and ")} as ${meaning}`).toArray();
  if (read.length > 0) notes.add("names", folder, `classes are read so: ${read.join(", ")}`);
  return meanings;
}

/** Orders photos by class, as the classes are, and else leaves them as they are. */
function sortByClass(photos: LabelledPhoto[], meanings: Map<string, ClassMeaning>) {
  const place = ({ labels }: LabelledPhoto) =>
    CLASSES["three-class"].indexOf(meanings.get(labels[0]!) as ClassName);
  return photos.sort((a, b) => place(a) - place(b));
}

interface Placed extends Annotation {
  size?: StoredSize;
  /** Why the photo's size could not be read. */
  error?: Error;
}

/** Reads the photos' sizes, as far as they have faces, and lays the boxes over them. */
async function placeAll(
  photos: readonly LabelledPhoto[],
  onProgress?: OnProgress,
): Promise<Placed[]> {
  let done = 0;
  const placed = await pMap(photos, async ({ file, labels, place }): Promise<Placed> => {
    let size: StoredSize | undefined, error: Error | undefined;
    try {
      if (labels.length > 0) size = await readPhotoSize(file);
    } catch (caught) {
      error = caught as Error;
    }
    onProgress?.({ stage: "Reading the sizes of photos", done: ++done, total: photos.length });
    return { ...place!(size), size, error };
  }, { concurrency: AT_ONCE });
  if (!areOfStored(placed)) return placed;
  return placed.map((it, index) =>
    it.size && hasNote(it, "unclear")
      ? { ...it, ...photos[index]!.place!({ ...it.size, unclear: "stored" }) }
      : it
  );
}

const hasNote = ({ notes }: Annotation, ...kinds: string[]) =>
  notes.some(({ kind }) => kinds.includes(kind));

/** Whether boxes are those of stored photos wherever sizes tell, so that they are elsewhere too. */
function areOfStored(placed: readonly Placed[]): boolean {
  const turned = placed.filter(({ size }) => size && size.orientation > 4);
  const told = turned.filter((it) => it.faces.length > 0 && !hasNote(it, "unclear", "no size"));
  return told.length > 0 && told.every((it) => hasNote(it, "turned"));
}

/** The faces of a photo; says what is odd about them, and why others are not among them. */
function listFaces(
  { file, source }: LabelledPhoto,
  { faces, dropped, notes, error }: Placed,
  scan: Scan,
) {
  if (error && faces.length === 0) scan.unreadable.push({ file, reason: error.message });
  else for (const reason of dropped) scan.unreadable.push({ file: source, reason });
  for (const { kind, reason } of notes) scan.notes.add(kind, source, reason);
  return faces.map(({ isDifficult, ...face }) => ({
    ...face,
    ...(isDifficult && { isDifficult }),
  }));
}
