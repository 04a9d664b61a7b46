/** Labelled photos of one data set or several: found, read, and split without leaks. */
import type { Dataset, ScanOptions } from "./dataset.ts";
import { type Duplicates, groupDuplicates } from "./duplicates.ts";
import { checkMemory } from "./memory.ts";
import { scanAll } from "./scan_dataset.ts";
import { selectSamples } from "./select_samples.ts";
import type { DataSource } from "./get_data.ts";
import { loadImages } from "../images/load_images.ts";
import { type PhotoSplit, splitPhotos, type SplitPhotosOptions } from "./split_photos.ts";
import {
  CLASSES,
  type ClassName,
  type ImageSet,
  type OnProgress,
  type Sample,
  type Task,
  type Unreadable,
} from "../types.ts";

/** Which photos, and how they are read. */
export interface LabelledPhotosOptions extends ScanOptions {
  /** @default three-class if a photo is labelled `mask_weared_incorrect`, else binary */
  task?: Task;
  /** Side of the square photos in pixels. @default 128 */
  size?: number;
  /** Around a face's box on each side, as a share of its size. @default 0.15 */
  margin?: number;
  /** Whether decoded photos are kept for the next time. @default true */
  cache?: boolean;
  onProgress?: OnProgress;
}

/** Photos in memory, and what became of the others. */
export interface LabelledPhotos {
  /** The task's classes; a class's index is its numeric label. */
  classes: readonly ClassName[];
  /** All that could be read. */
  images: ImageSet;
  /** The indices in it of those that the task has a use for. */
  indices: number[];
  /** The files of all that were labelled, those without a usable face too. */
  files: string[];
  /** Whether some of them are faces within a photo. */
  hasBoxes: boolean;
  /** Where the photos came from, in words. */
  data: string;
  leftOut: Dataset["leftOut"];
  /** Photos, annotations and faces of them. */
  unreadable: Unreadable[];
  notes: Dataset["notes"];
  /** Finds the near-duplicates among all images, once. @throws {RangeError} as {@linkcode groupDuplicates} */
  findDuplicates(): Duplicates;
  /**
   * Splits `indices` into three parts, as {@linkcode splitPhotos} does. The split is made of all that could
   * be read, whatever the task, `incorrect` and `minFace`: faces of 20 pixels and more of the test part are
   * a part of its faces. Another size or margin may find other near-duplicates, and so give another split.
   *
   * @throws {RangeError} as {@linkcode splitPhotos}
   */
  split(options?: SplitPhotosOptions): PhotoSplit;
}

/**
 * Reads the labelled photos of all sources into one set.
 *
 * @throws what `scanDataset` and `loadImages` throw
 * @throws {RangeError} if there is no source, or the photos do not fit into memory
 * @throws {Deno.errors.InvalidData} if no class, one that is labelled, or with `eachClass` any of them has no
 * readable photo
 * @example
 * ```ts
 * import { loadLabelledPhotos } from "./labelled_photos.ts";
 * import { writeSampleFaces } from "./sample_faces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeSampleFaces(folder, { count: 20 });
 * const source = { folder, name: "drawn faces", cache: folder };
 * const photos = await loadLabelledPhotos([source], { size: 32, cache: false });
 * console.log(photos.indices.length, photos.split().test.length); // 20 4
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function loadLabelledPhotos(
  sources: readonly DataSource[],
  options: LabelledPhotosOptions = {},
): Promise<LabelledPhotos> {
  const { incorrect, minFace, size = 128, margin, eachClass = true, onProgress } = options;
  selectSamples([], options); // refuses bad options before anything is read
  if (sources.length === 0) throw new RangeError("loadLabelledPhotos() needs a source, got none");
  const data = sources.map(({ name }) => name).join(" and ");
  const scans: Dataset[] = [];
  for (const { folder } of sources) {
    scans.push(await scanAll(folder, options));
  }
  const found = scans.flatMap(({ samples }) => samples);
  const task = options.task ?? findTask(found, incorrect);
  const classes = CLASSES[task];
  const selection = { task, incorrect, minFace };
  const problems = {
    unreadable: scans.flatMap(({ unreadable }) => unreadable),
    notes: scans.flatMap(({ notes }) => notes),
  };
  const labelled = new Set(
    selectSamples(found, selection).samples.map(({ className }) => className),
  );
  // A class that is labelled must have a photo that can be read.
  const needed = eachClass ? classes : classes.filter((name) => labelled.has(name));
  const check = (samples: readonly Sample[]) =>
    checkClasses(selectSamples(samples, selection).samples, {
      classes,
      needed,
      data,
      found,
      ...problems,
    });

  check(found);
  await checkMemory(found.length, size, onProgress);
  const cache = options.cache !== false && sources[0]!.cache;
  const all = await loadImages(found, { size, margin, cache, onProgress });
  problems.unreadable = problems.unreadable.concat(all.unreadable);
  check(all.samples);

  const { samples, places: indices, leftOut } = selectSamples(all.samples, selection);
  const relabelled = [...all.samples];
  indices.forEach((index, i) => relabelled[index] = samples[i]!);
  const images = { ...all, samples: relabelled };
  let duplicates: Duplicates | undefined;
  const findDuplicates = () => duplicates ??= groupDuplicates(all, { onProgress });
  const sourceOf = new Map(
    scans.flatMap(({ samples }, source) => samples.map((sample) => [sample, source] as const)),
  );
  return {
    classes,
    images,
    indices,
    files: scans.flatMap(({ photos }) => photos),
    hasBoxes: samples.some(({ box }) => box),
    data,
    leftOut,
    ...problems,
    findDuplicates,
    split: (options) => {
      const sourceIds = all.samples.map((sample) => sourceOf.get(sample)!);
      return splitPhotos(all, { indices, sources: sourceIds, findDuplicates, onProgress }, options);
    },
  };
}

function findTask(samples: readonly Sample[], incorrect = "leave-out"): Task {
  const isThird = ({ className, isDifficult }: Sample) =>
    className === "mask_weared_incorrect" && !isDifficult;
  return incorrect === "leave-out" && samples.some(isThird) ? "three-class" : "binary";
}

/** Of what may be thousands, so many reasons are given. */
const MOST_REASONS = 3;

/** Throws, with the first reasons, if a class that is needed has no sample, or none has one. */
function checkClasses(
  samples: readonly Sample[],
  { classes, needed, data, found, unreadable, notes }:
    & Pick<LabelledPhotos, "classes" | "data" | "unreadable" | "notes">
    & { needed: readonly ClassName[]; found: readonly Sample[] },
): void {
  const counts = Map.groupBy(samples, ({ className }) => className);
  const missing = samples.length === 0 ? classes : needed.filter((name) => !counts.has(name));
  if (missing.length === 0) return;
  const isRareAlone = missing.length === 1 && missing[0] === "mask_weared_incorrect";
  const labelled = new Set<string>();
  for (const { file, className } of found) if (missing.includes(className)) labelled.add(file);
  const [own, others] = [true, false].map((is) =>
    unreadable.filter(({ file }) => labelled.has(file) === is)
  );
  const reasons = [...own!, ...others!, ...notes];
  const more = reasons.length - MOST_REASONS;
  throw new Deno.errors.InvalidData([
    `no usable sample of ${missing.join(" or ")} in ${data}` +
    (isRareAlone ? ': without them the task must be "binary"' : ""),
    ...classes.filter((name) => counts.has(name)).map((name) =>
      `  ${name}: ${counts.get(name)!.length}`
    ),
    ...reasons.slice(0, MOST_REASONS).map(({ file, reason }) => `  ${file}: ${reason}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n"));
}
