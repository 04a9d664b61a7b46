/** A set of labelled samples to training, validation and test parts. Touches no files. */
import { seededRandom, shuffle } from "../random.ts";

/** The places in the list of samples that each part holds, ascending. */
export interface Split {
  train: number[];
  validation: number[];
  test: number[];
}

/** Options of `splitDataset`. */
export interface SplitOptions {
  /** A safe integer. @default 42 */
  seed?: number;
  /** Share of the samples, 0 <= validation < 1. @default 0.15 */
  validation?: number;
  /** Share of the samples, 0 <= test < 1. @default 0.15 */
  test?: number;
  /**
   * A group number per sample; samples of one group stay in one part. Give `groupDuplicates`'s, or
   * the test figure counts photos that training has seen.
   *
   * @default every sample on its own
   */
  groups?: ArrayLike<number>;
}

/**
 * Splits samples at random into three parts, each with the same mix of classes as the whole, as far
 * as the groups allow.
 *
 * The groups are dealt out one by one, largest first and in random order among equals, each to the
 * part that then differs least (chi-squared over the classes) from its share of what has been dealt
 * out so far, the emptier one among equals. So groups of every size come to all parts in proportion, and without groups each part
 * has, of a class of ten or more, its exact share within one sample (it is Webster's method of
 * apportionment). Before that each part is dealt the smallest group there is of every class, so that
 * a class of only three samples is in all three.
 *
 * The default shares leave 517 of 3,448 photos to the test: at 96.5% right, its 95% interval is
 * 1.6 points to each side, where a tenth of the photos would give 2.
 *
 * @throws {RangeError} If a share is not in 0 <= share < 1, or both leave nothing for training, if
 * `groups` and `samples` differ in length, or if there are too few groups to fill each part.
 * @example
 * ```ts
 * import { splitDataset } from "./split.ts";
 *
 * const samples = Array.from({ length: 100 }, (_, i) => ({
 *   className: i < 60 ? "with_mask" : "without_mask",
 * }));
 * const { train, validation, test } = splitDataset(samples, { seed: 7 });
 * console.log(train.length, validation.length, test.length); // 70 15 15
 * ```
 */
export function splitDataset(
  samples: readonly { className: string }[],
  options: SplitOptions = {},
): Split {
  const { seed = 42, validation = 0.15, test = 0.15, groups } = options;
  for (const [name, share] of Object.entries({ validation, test })) {
    if (!(share >= 0 && share < 1)) {
      throw new RangeError(`splitDataset() needs ${name} in 0 <= ${name} < 1, got ${share}`);
    }
  }
  if (validation + test >= 1) {
    throw new RangeError(
      `splitDataset() needs validation + test < 1, got ${validation} + ${test}`,
    );
  }
  if (groups && groups.length !== samples.length) {
    throw new RangeError(
      `splitDataset() needs a group per sample, got ${groups.length} for ${samples.length}`,
    );
  }
  const parts = Object.entries({ train: 1 - validation - test, test, validation })
    .filter(([, share]) => share > 0)
    .map(([name, share]) => ({ name: name as keyof Split, share, ...emptyGroup() }));
  const dealt = emptyGroup();
  const waiting = new Set(
    shuffle(groupSamples(samples, groups), seededRandom(seed))
      .sort((a, b) => b.members.length - a.members.length),
  );
  const deal = (group: Group, part: Group) => {
    waiting.delete(group);
    addTo(dealt, group);
    addTo(part, group);
  };

  for (const className of namesRarestFirst(samples)) {
    for (const part of parts.filter((part) => !part.counts.has(className))) {
      const smallest = [...waiting].findLast((group) => group.counts.has(className));
      if (smallest) deal(smallest, part);
    }
  }
  for (const group of waiting) {
    const [best] = parts
      .map((part) => ({
        part,
        cost: addedChiSquare(group, part, dealt, part.share),
        filled: part.members.length / part.share,
      }))
      .sort((a, b) => a.cost - b.cost || a.filled - b.filled);
    deal(group, best!.part);
  }

  const split: Split = { train: [], validation: [], test: [] };
  for (const { name, members } of parts) {
    if (members.length === 0) {
      throw new RangeError(
        `splitDataset() needs more samples or groups, ${samples.length} leave ${name} empty`,
      );
    }
    split[name] = members.sort((a, b) => a - b);
  }
  return split;
}

/** Samples that stay together, and how many there are of each class. */
interface Group {
  members: number[];
  counts: Map<string, number>;
}

function emptyGroup(): Group {
  return { members: [], counts: new Map() };
}

function addTo(whole: Group, { members, counts }: Group): void {
  for (const member of members) whole.members.push(member);
  for (const [name, count] of counts) whole.counts.set(name, (whole.counts.get(name) ?? 0) + count);
}

function groupSamples(
  samples: readonly { className: string }[],
  groups?: ArrayLike<number>,
): Group[] {
  const byId = new Map<number, Group>();
  for (const [index, { className }] of samples.entries()) {
    const id = groups ? groups[index]! : index;
    if (!byId.has(id)) byId.set(id, emptyGroup());
    addTo(byId.get(id)!, { members: [index], counts: new Map([[className, 1]]) });
  }
  return [...byId.values()];
}

function namesRarestFirst(samples: readonly { className: string }[]): string[] {
  return [...Map.groupBy(samples, ({ className }) => className)]
    .sort(([, a], [, b]) => a.length - b.length)
    .map(([className]) => className);
}

/**
 * How much the part's chi-squared distance from its share grows if it is dealt the group: the sum
 * over classes of (dealt to the part - expected)^2 / expected, where expected counts the group.
 */
function addedChiSquare(group: Group, part: Group, dealt: Group, share: number): number {
  let cost = 0;
  for (const [className, count] of group.counts) {
    const expected = share * ((dealt.counts.get(className) ?? 0) + count);
    const excess = (part.counts.get(className) ?? 0) - expected;
    cost += count * (2 * excess + count) / expected;
  }
  return cost;
}
