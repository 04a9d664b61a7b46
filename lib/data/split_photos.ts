/** Splits photos into training, validation and test parts, without leaks between them. */
import { type Duplicates, groupDuplicates } from "./duplicates.ts";
import { type GivenSplit, keepGivenSplit } from "./given_split.ts";
import { type Split, splitDataset } from "./split.ts";
import { type ImageSet, type OnProgress, plural } from "../types.ts";
import { viewPixels } from "../photo.ts";

/** The seed of the split that all published results use. */
export const SPLIT_SEED = 2026;

/** How photos are split. */
export interface SplitPhotosOptions {
  /** A safe integer. @default SPLIT_SEED */
  seed?: number;
  /**
   * What stays together: the photos of one scene (near-duplicates of each other), or the faces of one photo
   * alone. The latter tests on near-duplicates of training photos: results are too optimistic.
   *
   * @default "scene"
   */
  by?: "scene" | "photo";
}

/** Three parts, and the scenes of the whole set. */
export interface PhotoSplit extends Split {
  /** One group number per image: near-duplicates, and faces of one photo, share it. */
  groups: number[];
  /** What is to be known about it, such as that it is the one that the set comes with. */
  notes: string[];
}

/** What is split. */
interface Photos {
  /** Those that the task has a use for. */
  indices: readonly number[];
  /** The number of its source, from 0, per image. */
  sources: readonly number[];
  findDuplicates: () => Duplicates;
  onProgress?: OnProgress;
}

const PARTS = ["train", "validation", "test"] as const;

/**
 * Splits photos into three parts, each source by itself, so that a test part is the same whatever it is
 * joined with. Near-duplicates, and faces of one photo, stay in one part; what has a near-duplicate in
 * another source's test or validation part is left out. A split that a source comes with is kept, and its
 * near-duplicates are counted. Difficult faces have no influence.
 *
 * @throws {RangeError} as `groupDuplicates` and `splitDataset`: photos under 32 x 32, or too few scenes
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
    // Difficult faces belong to no part: they may not decide where others go.
    const members = source.filter((index) => !all.samples[index]!.isDifficult);
    const own = by === "photo"
      ? groupByFile(all, members)
      : members.length === all.samples.length
      ? groups
      // Grouped by itself, as another source may link photos that nothing links here.
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

/** The split that the source comes with, or one made here: then there is nothing to note. */
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
 * Leaves out of training and validation what another source's parts test on. Photos that a source's own split
 * has on both sides stay there.
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

/** Some photos of a set, ascending: a view if no other lies between them, else a copy. */
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
