/** The split that a data set comes with. Touches no files. */
import { type Part, plural, type Sample } from "../types.ts";
import { type Split, splitDataset } from "./split.ts";

/** A split, and what is to be known about it. */
export interface GivenSplit {
  split: Split;
  notes: string[];
}

/** Share of the training part that becomes a part that the set does not have. */
const SHARE = 0.15;
const WORDS = { train: "training", validation: "validation", test: "test" } as const;

/**
 * Keeps the split that a set comes with, in folders such as `Train` and `Test` or in lists. A validation or test
 * part that it does not have is dealt from its training part, where near-duplicates stay together.
 *
 * @param samples Those with a `part` are in it; others are in none.
 * @param groups A group number per sample: near-duplicates have the same.
 * @param seed A safe integer.
 * @returns undefined unless there are samples of at least two parts
 * @throws {RangeError} if the training part has too few groups to deal from
 * @example
 * ```ts
 * import { keepGivenSplit } from "./given_split.ts";
 *
 * const samples = (["train", "validation", "test"] as const)
 *   .map((part) => ({ file: `${part}/1.jpg`, className: "with_mask" as const, part }));
 * console.log(keepGivenSplit(samples, { groups: [0, 1, 0], seed: 7 })?.notes);
 * ```
 */
export function keepGivenSplit(
  samples: readonly Sample[],
  { groups, seed }: { groups: ArrayLike<number>; seed: number },
): GivenSplit | undefined {
  const given = Map.groupBy(samples.keys(), (index) => samples[index]!.part);
  const split: Split = {
    train: given.get("train") ?? [],
    validation: given.get("validation") ?? [],
    test: given.get("test") ?? [],
  };
  const names = Object.keys(split) as Part[];
  if (names.filter((name) => split[name].length > 0).length < 2) return undefined;
  const sizes = names.filter((name) => split[name].length > 0)
    .map((name) => `${plural(split[name].length, "photo")} for ${WORDS[name]}`);
  const notes = [`the split that the set comes with is kept: ${sizes.join(", ")}`];
  const missing = (["validation", "test"] as const).filter((name) => split[name].length === 0);
  if (missing.length > 0 && split.train.length > 0) {
    dealMissing(split, samples, { groups, seed, missing });
    const words = missing.map((name) => `a ${WORDS[name]} part`).join(" or ");
    notes.push(`it does not have ${words}: ${100 * SHARE}% of its training part are taken for it`);
  }
  const unused = given.get(undefined)?.length ?? 0;
  if (unused > 0) notes.push(`${plural(unused, "photo")} in no part of that split: not used`);
  return { split, notes: [...notes, ...noteLeaks(split, groups)] };
}

function dealMissing(
  split: Split,
  samples: readonly Sample[],
  { groups, seed, missing }: {
    groups: ArrayLike<number>;
    seed: number;
    missing: readonly ("validation" | "test")[];
  },
): void {
  const from = split.train;
  const dealt = splitDataset(from.map((index) => samples[index]!), {
    seed,
    groups: from.map((index) => groups[index]!),
    validation: missing.includes("validation") ? SHARE : 0,
    test: missing.includes("test") ? SHARE : 0,
  });
  for (const name of ["train", ...missing] as const) {
    split[name] = dealt[name].map((index) => from[index]!);
  }
}

/** Counts photos of the validation and the test part that have a near-duplicate in training. */
function noteLeaks(split: Split, groups: ArrayLike<number>): string[] {
  const trained = new Set(split.train.map((index) => groups[index]!));
  return (["validation", "test"] as const).flatMap((name) => {
    const count = split[name].filter((index) => trained.has(groups[index]!)).length;
    return count === 0 ? [] : [
      `its ${WORDS[name]} part of ${plural(split[name].length, "photo")} shares ` +
      `${plural(count, "near-duplicate")} with its training part: results on it are too optimistic`,
    ];
  });
}
