/** Labelled photos of one data set or several: found, read, and split without leaks. */
import type { Dataset, ScanOptions } from "./dataset.ts";
import { scanDataset } from "./scan_dataset.ts";
import { selectSamples } from "./select_samples.ts";
import { groupDuplicates } from "./duplicates.ts";
import type { DataSource } from "./get_data.ts";
import { loadImages } from "../images/load_images.ts";
import { type Split, splitDataset } from "./split.ts";
import {
  CLASSES,
  type ClassName,
  type ImageSet,
  type OnProgress,
  type Sample,
  type Unreadable,
} from "../types.ts";
import { viewPixels } from "../photo.ts";

/** The seed of the split that all published figures are of. */
export const SPLIT_SEED = 2026;

/** Which photos, and how they are read and split. */
export interface LabelledPhotosOptions extends ScanOptions {
  /** Side of the square photos in pixels. @default 128 */
  size?: number;
  /** Around a face's box on each side, as a share of its size. @default 0.15 */
  margin?: number;
  /** Whether decoded photos are kept for the next time. @default true */
  cache?: boolean;
  onProgress?: OnProgress;
}

/** Photos in memory, and where each belongs. */
export interface LabelledPhotos {
  classes: readonly ClassName[];
  /** All that could be read. */
  images: ImageSet;
  /** Those in it that the task has a use for. */
  places: number[];
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
  /**
   * Deals `places` to three parts, each source for itself, so that a test part is the same whatever it is
   * joined with. Copies of a photo, and faces of one photo, stay in one part; what has a copy in another
   * source's test or validation part is left out. The seed is 2026 unless another is given. Another size or
   * margin may find other copies, and so give another split.
   *
   * The split is made of all that could be read, whatever the task, `incorrect` and `minFace`: faces of 20
   * pixels and more of the test part are a part of its faces.
   *
   * @throws {RangeError} as `groupDuplicates` and `splitDataset`: photos under 32 x 32, or too few of them
   */
  split(seed?: number): Split;
}

/**
 * Reads the labelled photos of all sources into one set.
 *
 * @throws what `scanDataset` and `loadImages` throw
 * @throws {RangeError} if there is no source
 * @throws {Deno.errors.InvalidData} if a class of the task has no sample in any source, unless `eachClass`
 * is false
 * @example
 * ```ts
 * import { loadLabelledPhotos } from "./labelled_photos.ts";
 * import { writeSampleFaces } from "./sample_faces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeSampleFaces(folder, { count: 20 });
 * const source = { folder, name: "drawn faces", cache: folder };
 * const photos = await loadLabelledPhotos([source], { size: 32, cache: false });
 * console.log(photos.places.length, photos.split().test.length); // 20 4
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function loadLabelledPhotos(
  sources: readonly DataSource[],
  options: LabelledPhotosOptions = {},
): Promise<LabelledPhotos> {
  const { task = "binary", incorrect, minFace, size, margin, eachClass = true, onProgress } =
    options;
  selectSamples([], { task, incorrect, minFace }); // refuses bad options before anything is read
  if (sources.length === 0) throw new RangeError("loadLabelledPhotos() needs a source, got none");
  const cache = options.cache !== false && sources[0]!.cache;
  const unreadable: Unreadable[] = [], notes: Unreadable[] = [];
  const files: string[] = [];
  const sourceOf = new Map<Sample, number>();
  for (const [source, { folder }] of sources.entries()) {
    const dataset = await scanDataset(folder, { task: "three-class", eachClass: false });
    unreadable.push(...dataset.unreadable);
    notes.push(...dataset.notes);
    files.push(...dataset.photos);
    for (const sample of dataset.samples) sourceOf.set(sample, source);
  }
  const all = await loadImages([...sourceOf.keys()], { size, margin, cache, onProgress });

  const { samples, places, leftOut } = selectSamples(all.samples, { task, incorrect, minFace });
  const classes = CLASSES[task];
  const data = sources.map(({ name }) => name).join(" and ");
  const missing = !eachClass
    ? []
    : classes.filter((name) => !samples.some(({ className }) => className === name));
  if (missing.length > 0) {
    const isRareAlone = missing.length === 1 && missing[0] === "mask_weared_incorrect";
    throw new Deno.errors.InvalidData(
      `no sample of ${missing.join(" or ")} in ${data}${
        isRareAlone ? ': without them the task must be "binary"' : ""
      }`,
    );
  }
  const relabelled = [...all.samples];
  places.forEach((place, index) => relabelled[place] = samples[index]!);
  const used = new Set(places);
  return {
    classes,
    images: { ...all, samples: relabelled },
    places,
    files,
    hasBoxes: samples.some(({ box }) => box),
    data,
    leftOut,
    unreadable: [...unreadable, ...all.unreadable],
    notes,
    split: (seed = SPLIT_SEED) => {
      const parts = splitSources(all, sourceOf, { seed, onProgress });
      const keep = (part: number[]) => part.filter((place) => used.has(place));
      return {
        train: keep(parts.train),
        validation: keep(parts.validation),
        test: keep(parts.test),
      };
    },
  };
}

function splitSources(
  all: ImageSet,
  sourceOf: ReadonlyMap<Sample, number>,
  { seed, onProgress }: { seed: number; onProgress?: OnProgress },
): Split {
  const { samples } = all;
  const sources = Map.groupBy(samples.keys(), (place) => sourceOf.get(samples[place]!));
  const whole: Split = { train: [], validation: [], test: [] };
  for (const places of sources.values()) {
    const source = cutSet(all, places[0]!, places.length);
    // Grouped by itself, as another source may link photos that nothing links here.
    const { groups } = groupDuplicates(source, { onProgress });
    const parts = splitDataset(source.samples, { seed, groups });
    for (const name of ["train", "validation", "test"] as const) {
      for (const index of parts[name]) whole[name].push(places[index]!);
    }
  }
  if (sources.size === 1) return whole;
  const { groups } = groupDuplicates(all, { onProgress });
  const groupsOf = (part: number[]) => new Set(part.map((place) => groups[place]!));
  const tested = groupsOf(whole.test), validated = groupsOf(whole.validation);
  return {
    test: whole.test,
    validation: whole.validation.filter((place) => !tested.has(groups[place]!)),
    train: whole.train.filter((place) =>
      !tested.has(groups[place]!) && !validated.has(groups[place]!)
    ),
  };
}

/** So many photos of a set, from the first one on: a view, no copy. */
function cutSet(images: ImageSet, first: number, count: number): ImageSet {
  return {
    ...images,
    pixels: viewPixels(images, first, count),
    samples: images.samples.slice(first, first + count),
  };
}
