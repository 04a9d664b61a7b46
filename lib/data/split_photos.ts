/** Splits photos into training, validation and test parts, without leaks between them. */
import { type Duplicates, groupDuplicates } from "./duplicates.ts";
import { type GivenSplit, keepGivenSplit } from "./given_split.ts";
import { type Split, splitDataset } from "./split.ts";
import { type ImageSet, type OnProgress, plural } from "../types.ts";
import { viewPixels } from "../photo.ts";

/** The seed of the split that all published results use. */
export const SPLIT_SEED = 2026;

/** Options of {@linkcode splitPhotos}. */
export interface SplitPhotosOptions {
  /** A safe integer. @default SPLIT_SEED */
  seed?: number;
  /**
   * The samples that stay in one part: photos of one scene (near-duplicates), or only the faces of one photo.
   * With `"photo"`, results are too optimistic: test photos have near-duplicates among the training photos.
   *
   * @default "scene"
   */
  by?: "scene" | "photo";
}

/** Three parts, and the groups of the whole set. */
export interface PhotoSplit extends Split {
  /** One group number per image: near-duplicates, and faces of one photo, share it. */
  groups: number[];
  /** Notes on the split, for example that it is the data set's own. */
  notes: string[];
}

/** The photos to split. */
interface Photos {
  /** The images that the task uses. */
  indices: readonly number[];
  /** One source number, from 0, per image. */
  sources: readonly number[];
  findDuplicates: () => Duplicates;
  onProgress?: OnProgress;
}

const PARTS = ["train", "validation", "test"] as const;

/**
 * Splits photos into three parts. Each source is split on its own, so that its test part does not depend on
 * other sources. Near-duplicates, and faces of one photo, stay in one part. Photos with a near-duplicate in the
 * test or validation part of another source are left out. If a source has its own split, it is kept, and its
 * near-duplicates are counted. Difficult faces have no influence.
 *
 * @throws {RangeError} as `groupDuplicates` and `splitDataset`: photos under 32 x 32, or too few scenes
 * @example
 * ```ts
 * import { splitPhotos } from "./split_photos.ts";
 * import { groupDuplicates } from "./duplicates.ts";
 * import { seededRandom } from "../random.ts";
 *
 * const random = seededRandom(1);
 * const indices = [...Array(20).keys()];
 * const samples = indices.map((i) => ({ file: `${i}.jpg`, className: "with_mask" as const }));
 * const pixels = Uint8Array.from({ length: 20 * 32 * 32 * 3 }, () => 256 * random());
 * const images = { size: 32, pixels, samples, unreadable: [] };
 * const sources = indices.map(() => 0);
 * const findDuplicates = () => groupDuplicates(images);
 * const { train, test } = splitPhotos(images, { indices, sources, findDuplicates });
 * console.log(train.length, test.length); // 14 3
 * ```
 */
export function splitPhotos(
  all: ImageSet,
  { indices, sources, findDuplicates, onProgress }: Photos,
  { seed = SPLIT_SEED, by = "scene" }: SplitPhotosOptions = {},
): PhotoSplit {
  if (by !== "scene" && by !== "photo") {
    throw new RangeError(`by must be "scene" or "photo", got ${JSON.stringify(by)}`);
  }
  const { groups } = findDuplicates();
  const bySource = [...Map.groupBy(all.samples.keys(), (index) => sources[index]).values()];
  const whole: Split = { train: [], validation: [], test: [] };
  const notes: string[] = [];
  const given = new Set<number>();
  for (const source of bySource) {
    // Difficult faces are in no part, and must not influence the others.
    const members = source.filter((index) => !all.samples[index]!.isDifficult);
    const own = by === "photo"
      ? groupByFile(all, members)
      : members.length === all.samples.length
      ? groups
      // Grouped on its own, as another source may link photos that are not linked here.
      : groupDuplicates(takeSet(all, members), { onProgress }).groups;
    const parts = splitSource(all, members, own, seed);
    notes.push(...parts.notes);
    if (parts.notes.length > 0) given.add(sources[source[0]!]!);
    for (const name of PARTS) {
      for (const index of parts.split[name]) whole[name].push(members[index]!);
    }
  }
  const split = bySource.length === 1 || by === "photo"
    ? whole
    : dropLeaks(whole, groups, { sources, given });
  const used = new Set(indices);
  const keep = (part: number[]) => part.filter((index) => used.has(index));
  return {
    train: keep(split.train),
    validation: keep(split.validation),
    test: keep(split.test),
    groups,
    notes,
  };
}

function groupByFile({ samples }: ImageSet, members: readonly number[]): number[] {
  const numbers = new Map<string, number>();
  return members.map((index) => {
    const { file } = samples[index]!;
    if (!numbers.has(file)) numbers.set(file, numbers.size);
    return numbers.get(file)!;
  });
}

/** Returns the source's own split with notes, or else makes one. */
function splitSource(
  all: ImageSet,
  members: number[],
  groups: number[],
  seed: number,
): GivenSplit {
  const samples = members.map((index) => all.samples[index]!);
  try {
    return keepGivenSplit(samples, { groups, seed }) ??
      { split: splitDataset(samples, { seed, groups }), notes: [] };
  } catch (cause) {
    const scenes = new Set(groups).size;
    const files = new Set(samples.map(({ file }) => file)).size;
    if (!(cause instanceof RangeError && cause.message.includes("empty") && scenes < files)) {
      throw cause;
    }
    throw new RangeError(
      `${plural(files, "photo")} of ${plural(scenes, "scene")} cannot be split: ` +
        "near-duplicates must stay in one part. Add photos of other scenes or people; or put the photos " +
        'in folders Train, Validation and Test yourself; or split by photo (--split-by photo, in code by: "photo"): ' +
        "the results are then too optimistic",
      { cause },
    );
  }
}

/**
 * Removes photos from training and validation that have near-duplicates in the evaluated parts of other sources.
 * Near-duplicates within a source's own split stay.
 */
function dropLeaks(
  { train, validation, test }: Split,
  groups: readonly number[],
  { sources, given }: { sources: readonly number[]; given: ReadonlySet<number> },
): Split {
  const sourcesOf = (part: number[]) => {
    const byGroup = Map.groupBy(part, (index) => groups[index]!).entries();
    return new Map(byGroup.map(([group, of]) => [group, new Set(of.map((it) => sources[it]!))]));
  };
  const tested = sourcesOf(test), validated = sourcesOf(validation);
  const isLeak = (index: number, by: typeof tested) => {
    const of = by.get(groups[index]!), own = sources[index]!;
    return of !== undefined && !(given.has(own) && of.size === 1 && of.has(own));
  };
  return {
    test,
    validation: validation.filter((index) => !isLeak(index, tested)),
    train: train.filter((index) => !isLeak(index, tested) && !isLeak(index, validated)),
  };
}

/** Takes some photos of a set, ascending: a view if they are consecutive, else a copy. */
function takeSet(images: ImageSet, members: readonly number[]): ImageSet {
  const [first, count] = [members[0] ?? 0, members.length];
  const samples = members.map((index) => images.samples[index]!);
  if ((members.at(-1) ?? -1) - first === count - 1) {
    return { ...images, pixels: viewPixels(images, first, count), samples };
  }
  const length = images.size ** 2 * 3;
  const pixels = new Uint8Array(count * length);
  members.forEach((index, i) => pixels.set(viewPixels(images, index), i * length));
  return { ...images, pixels, samples };
}
