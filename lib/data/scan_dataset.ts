/** A folder of labelled photos, in either of two layouts, to samples. Decodes no photo. */
import { basename, extname, join } from "@std/path";
import { CLASSES, type ClassName, type Sample, type Task, type Unreadable } from "../types.ts";
import { type Annotation, parseAnnotation } from "./voc.ts";

/** What `scanDataset` found. */
export interface Dataset {
  layout: "class-folders" | "voc";
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
  /** What is odd: a box clipped to its photo, a folder among photos, a photo without an annotation. */
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
}

/** `images` and `annotations` as Kaggle's set names them, and as PASCAL VOC does. */
const VOC_FOLDERS = [["images", "annotations"], ["JPEGImages", "Annotations"]] as const;
const ALL_CLASSES = CLASSES["three-class"];
/** What operating systems leave in folders, beside names that start with a dot. */
const CLUTTER = new Set(["Thumbs.db", "desktop.ini", "__MACOSX"]);
/** Folders looked into, one in the other, before giving up. */
const MAX_DEPTH = 5;
/** Kaggle's largest annotation, of 115 faces, has 39 kB. */
const MAX_XML_BYTES = 2 ** 20;

/**
 * Lists the samples of a data set in one of two layouts:
 *
 * - class folders: `with_mask`, `without_mask` and perhaps `mask_weared_incorrect`; each file in
 *   them is a sample (whether it is a photo shows when it is decoded);
 * - PASCAL VOC: `images` and `annotations` (or `JPEGImages` and `Annotations`); each face of each
 *   annotation is a sample with a box. A photo belongs to the annotation of the same name.
 *
 * They may lie in `folder`, in a `data` folder there, or in a chain of only sub-folders. Hidden files
 * and those that operating systems leave behind are passed over.
 *
 * @throws {Deno.errors.NotFound} If `folder` is not a folder or holds neither layout.
 * @throws {Deno.errors.InvalidData} If a class of the task has no sample, unless `eachClass` is false.
 * @throws {RangeError} If an option is none of those above.
 * @example
 * ```ts
 * import { scanDataset } from "./scan_dataset.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const className of ["with_mask", "without_mask"]) {
 *   await Deno.mkdir(`${folder}/data/${className}`, { recursive: true });
 *   await Deno.writeFile(`${folder}/data/${className}/1.jpg`, new Uint8Array());
 * }
 * const { layout, samples } = await scanDataset(folder);
 * console.log(layout, samples.length); // class-folders 2
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function scanDataset(folder: string, options: ScanOptions = {}): Promise<Dataset> {
  const { task = "binary", eachClass = true } = options;
  selectSamples([], options); // refuses bad options before anything is read
  const { layout, scan } = await findLayout(folder);
  const { samples: found, photos, unreadable, notes } = await scan();
  const { samples, leftOut } = selectSamples(found, options);
  const dataset = { layout, classes: CLASSES[task], samples, photos, leftOut, unreadable, notes };
  if (eachClass) checkClasses(dataset, folder);
  return dataset;
}

/** What {@linkcode selectSamples} kept. */
export interface Selection extends Pick<Dataset, "samples" | "leftOut"> {
  /** Where each of `samples` was in the list given. */
  places: number[];
}

/**
 * Leaves out the samples that a task has no use for: those of no class of it, and faces that are too small.
 *
 * @throws {RangeError} If an option is none of those of {@linkcode ScanOptions}.
 * @example
 * ```ts
 * import { selectSamples } from "./scan_dataset.ts";
 *
 * const box = { left: 0, top: 0, width: 9, height: 12 };
 * const faces = [{ file: "1.jpg", className: "with_mask" as const, box }];
 * console.log(selectSamples(faces, { minFace: 10 }).leftOut);
 * ```
 */
export function selectSamples(
  found: readonly Sample[],
  { task = "binary", incorrect = "leave-out", minFace = 0 }: Omit<ScanOptions, "eachClass"> = {},
): Selection {
  checkChoice("task", task, Object.keys(CLASSES));
  checkChoice("incorrect", incorrect, ["leave-out", ...CLASSES.binary]);
  if (!(minFace >= 0 && minFace < Infinity)) {
    throw new RangeError(`minFace must be 0 pixels or more, got ${minFace}`);
  }
  const samples: Sample[] = [], places: number[] = [];
  const counts = new Map<string, number>();
  const leaveOut = (reason: string) => counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [place, sample] of found.entries()) {
    const { box } = sample;
    const isThird = task === "binary" && sample.className === "mask_weared_incorrect";
    const className = isThird ? incorrect : sample.className;
    if (className === "leave-out") leaveOut(sample.className);
    else if (box && Math.min(box.width, box.height) < minFace) {
      leaveOut(`face under ${minFace} pixels`);
    } else {
      samples.push({ ...sample, className });
      places.push(place);
    }
  }
  return { samples, places, leftOut: [...counts].map(([reason, count]) => ({ reason, count })) };
}

type Scan = Pick<Dataset, "samples" | "photos" | "unreadable" | "notes">;

/** Looks for a layout in `folder`, then in its `data` or only sub-folder, and so on. */
async function findLayout(
  folder: string,
): Promise<{ layout: Dataset["layout"]; scan: () => Promise<Scan> }> {
  const looked: string[] = [];
  let current: string | undefined = folder;
  while (current !== undefined && looked.length < MAX_DEPTH) {
    const here: string = current;
    const { folders } = await listFolder(here).catch((cause) => {
      throw new Deno.errors.NotFound(
        `scanDataset() needs a folder of photos, cannot list ${here}: ${cause.message}`,
        { cause },
      );
    });
    const classFolders = ALL_CLASSES.filter((className) => folders.includes(className));
    if (classFolders.length > 0) {
      return { layout: "class-folders", scan: () => scanClassFolders(here, classFolders) };
    }
    for (const [images, annotations] of VOC_FOLDERS) {
      if (folders.includes(images) && folders.includes(annotations)) {
        return { layout: "voc", scan: () => scanVoc(join(here, images), join(here, annotations)) };
      }
    }
    looked.push(`${here} (folders: ${folders.slice(0, 10).join(", ") || "none"})`);
    const next = folders.includes("data") ? "data" : folders.length === 1 ? folders[0] : undefined;
    current = next && join(here, next);
  }
  throw new Deno.errors.NotFound(
    "scanDataset() needs folders with_mask and without_mask, or images and annotations " +
      `(JPEGImages and Annotations); looked in ${looked.join(", then in ")}`,
  );
}

async function scanClassFolders(folder: string, classNames: ClassName[]): Promise<Scan> {
  const scan: Scan = { samples: [], photos: [], unreadable: [], notes: [] };
  for (const className of classNames) {
    const classFolder = join(folder, className);
    const { files, folders } = await listFolder(classFolder);
    for (const name of files) {
      scan.samples.push({ file: join(classFolder, name), className });
      scan.photos.push(join(classFolder, name));
    }
    for (const name of folders) {
      scan.notes.push({ file: join(classFolder, name), reason: "a folder, not a photo: ignored" });
    }
  }
  return scan;
}

async function scanVoc(imageFolder: string, annotationFolder: string): Promise<Scan> {
  const scan: Scan = { samples: [], photos: [], unreadable: [], notes: [] };
  const photos = (await listFolder(imageFolder)).files;
  const xmlFiles = (await listFolder(annotationFolder)).files
    .filter((name) => extname(name).toLowerCase() === ".xml");
  const photosOf = Map.groupBy(photos, stem);
  const annotatedStems = new Set(xmlFiles.map(stem));
  const unused = new Set(photos);

  for (const name of xmlFiles) {
    const file = join(annotationFolder, name);
    const note = (reason: string) => scan.notes.push({ file, reason });
    let annotation: Annotation;
    try {
      annotation = await readAnnotation(file);
    } catch (error) {
      scan.unreadable.push({ file, reason: (error as Error).message });
      continue;
    }
    const { filename = "" } = annotation;
    const named = unused.has(filename) && !annotatedStems.has(stem(filename))
      ? filename
      : undefined;
    const own = photosOf.get(stem(name)) ?? [];
    const photo = own.find((photo) => photo === filename) ?? own[0] ?? named;
    if (photo === undefined) {
      const reason = `no photo ${stem(name)}.* in ${imageFolder}; <filename> is ${
        JSON.stringify(filename)
      }`;
      scan.unreadable.push({ file, reason });
      continue;
    }
    unused.delete(photo);
    if (photo !== filename) note(`<filename> is ${JSON.stringify(filename)}: uses ${photo}`);
    if (!own.includes(photo)) note(`no photo ${stem(name)}.*: uses its <filename>, ${photo}`);
    for (const reason of annotation.dropped) scan.unreadable.push({ file, reason });
    for (const reason of annotation.notes) note(reason);
    scan.photos.push(join(imageFolder, photo));
    for (const face of annotation.faces) {
      scan.samples.push({ file: join(imageFolder, photo), ...face });
    }
  }
  for (const photo of unused) {
    scan.notes.push({ file: join(imageFolder, photo), reason: "no annotation: not used" });
  }
  return scan;
}

async function readAnnotation(file: string): Promise<Annotation> {
  const { size } = await Deno.stat(file);
  if (size > MAX_XML_BYTES) {
    throw new RangeError(`needs an annotation of at most ${MAX_XML_BYTES} bytes, got ${size}`);
  }
  return parseAnnotation(await Deno.readTextFile(file));
}

/** The folders and the files in a folder, in code-unit order; links count as what they point to. */
async function listFolder(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const folders: string[] = [], files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(".") || CLUTTER.has(entry.name)) continue;
    const { isDirectory } = entry.isSymlink
      ? await Deno.stat(join(folder, entry.name)).catch(() => entry)
      : entry;
    (isDirectory ? folders : files).push(entry.name);
  }
  return { folders: folders.sort(), files: files.sort() };
}

function stem(name: string): string {
  return basename(name, extname(name));
}

function checkChoice(option: string, given: string, choices: readonly string[]): void {
  if (!choices.includes(given)) {
    throw new RangeError(`${option} must be one of ${choices.join(", ")}, got "${given}"`);
  }
}

function checkClasses({ classes, samples, leftOut, unreadable }: Dataset, folder: string): void {
  const counts = classes.map((className) => ({
    className,
    count: samples.filter((sample) => sample.className === className).length,
  }));
  if (counts.every(({ count }) => count > 0)) return;
  const found = counts.map(({ className, count }) => `${count} ${className}`).join(", ");
  const left = leftOut.map(({ reason, count }) => `; left out ${count}: ${reason}`).join("");
  const [first] = unreadable;
  const bad = first && `; ${unreadable.length} unreadable, first ${first.file}: ${first.reason}`;
  throw new Deno.errors.InvalidData(
    `scanDataset() needs a sample of each class, found ${found} in ${folder}${left}${bad ?? ""}`,
  );
}
