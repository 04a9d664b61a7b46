/** Labelled photos of one data set or several: found, read, and split without leaks. */
import { type Dataset, scanDataset, type ScanOptions, selectSamples } from "./dataset.ts";
import { groupDuplicates } from "./duplicates.ts";
import type { DataSource } from "./get_data.ts";
import { loadImages } from "./image.ts";
import { type Split, splitDataset } from "./split.ts";
import {
  CLASSES,
  type ClassName,
  FACE_MARGIN,
  type ImageSet,
  type OnProgress,
  type Sample,
  type Unreadable,
} from "./types.ts";

/** The seed of the split that all published figures are of. */
export const SPLIT_SEED = 2026;

/** Which photos, and how they are read and split. */
export interface LabelledPhotosOptions extends Omit<ScanOptions, "eachClass"> {
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
  /**
   * Deals `places` to three parts, each source for itself, so that a test part is the same whatever it is
   * joined with. Copies of a photo, and faces of one photo, stay in one part; what has a copy in another
   * source's test or validation part is left out. The seed is 2026 unless another is given. Copies are looked
   * for at the default size and margin, so that these do not change the split.
   *
   * The split is made of all that could be read: faces of 20 pixels and more of the test part are a part
   * of its faces.
   */
  split(seed?: number): Promise<Split>;
}

/**
 * Reads the labelled photos of all sources into one set.
 *
 * @throws what `scanDataset` and `loadImages` throw
 * @throws {Deno.errors.InvalidData} if a class of the task has no sample in any source
 */
export async function loadLabelledPhotos(
  sources: readonly DataSource[],
  options: LabelledPhotosOptions = {},
): Promise<LabelledPhotos> {
  const { task = "binary", incorrect, minFace, size, margin, onProgress } = options;
  const cache = options.cache !== false && sources[0]!.cache;
  selectSamples([], { task, incorrect, minFace }); // refuses bad options before anything is read
  const unreadable: Unreadable[] = [];
  const files: string[] = [];
  const sourceOf = new Map<Sample, number>();
  for (const [source, { folder }] of sources.entries()) {
    const dataset = await scanDataset(folder, { task: "three-class", eachClass: false });
    unreadable.push(...dataset.unreadable);
    files.push(...dataset.photos);
    for (const sample of dataset.samples) sourceOf.set(sample, source);
  }
  const all = await loadImages([...sourceOf.keys()], { size, margin, cache, onProgress });

  const { samples, places, leftOut } = selectSamples(all.samples, { task, incorrect, minFace });
  const classes = CLASSES[task];
  const data = sources.map(({ name }) => name).join(" and ");
  const missing = classes.filter((name) => !samples.some(({ className }) => className === name));
  if (missing.length > 0) {
    throw new Deno.errors.InvalidData(`no sample of ${missing.join(" or ")} in ${data}`);
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
    split: async (seed = SPLIT_SEED) => {
      const isDefault = (size ?? 128) === 128 && (margin ?? FACE_MARGIN) === FACE_MARGIN;
      const compared = isDefault ? all : await loadImages(all.samples, { cache, onProgress });
      const { groups } = groupDuplicates(compared, { onProgress });
      const placeOf = new Map(all.samples.map((sample, place) => [sample, place]));
      const parts = splitSources(compared.samples, sourceOf, groups, seed);
      const keep = (part: number[]) =>
        part.flatMap((index) => placeOf.get(compared.samples[index]!) ?? [])
          .filter((place) => used.has(place));
      return {
        train: keep(parts.train),
        validation: keep(parts.validation),
        test: keep(parts.test),
      };
    },
  };
}

function splitSources(
  samples: readonly Sample[],
  sourceOf: ReadonlyMap<Sample, number>,
  groups: readonly number[],
  seed: number,
): Split {
  const whole: Split = { train: [], validation: [], test: [] };
  for (
    const places of Map.groupBy(samples.keys(), (place) => sourceOf.get(samples[place]!)).values()
  ) {
    const part = splitDataset(places.map((place) => samples[place]!), {
      seed,
      groups: places.map((place) => groups[place]!),
    });
    for (const name of ["train", "validation", "test"] as const) {
      for (const index of part[name]) whole[name].push(places[index]!);
    }
  }
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
