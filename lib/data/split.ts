/** Splits labelled samples into training, validation and test parts. */
import { seededRandom, shuffle } from "../random.ts";

/** The indices of the samples of each part, ascending. */
export interface Split {
  train: number[];
  validation: number[];
  test: number[];
}

/** Options of {@linkcode splitDataset}. */
export interface SplitOptions {
  /** A safe integer. @default 42 */
  seed?: number;
  /** Share of the samples, 0 <= validation < 1. @default 0.15 */
  validation?: number;
  /** Share of the samples, 0 <= test < 1. @default 0.15 */
  test?: number;
  /**
   * One group number per sample; samples of one group stay in one part. Use those of `groupDuplicates`:
   * otherwise the test part has near-duplicates of training photos.
   *
   * @default one group per sample
   */
  groups?: ArrayLike<number>;
}

/**
 * Splits samples at random into three parts, stratified by class as far as the groups allow.
 *
 * First, each part gets the smallest group of every class, so that a class of only three samples is in all
 * parts. Then the groups are assigned one by one, largest first and in random order among equals. Each goes to
 * the part that then differs least (chi-squared over the classes) from its share so far, or to the emptier one
 * among equals. So groups of every size are distributed in proportion. Without groups, the share of a class of
 * ten or more is exact within one sample (Webster's method of apportionment).
 *
 * With the default shares, the test part has 517 of 3,448 photos: at an accuracy of 96.5%, its 95% interval is
 * ±1.6 points. With a tenth of the photos it would be ±2.
 *
 * @throws {RangeError} if a share is not in 0 <= share < 1, the shares leave none for training, `groups` and
 * `samples` differ in length, or there are too few groups for three parts
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
      throw new RangeError(`${name} must be in 0 <= ${name} < 1, got ${share}`);
    }
  }
  if (validation + test >= 1) {
    throw new RangeError(
      `validation + test must be less than 1, got ${validation} + ${test}`,
    );
  }
  if (groups && groups.length !== samples.length) {
    throw new RangeError(
      `groups must be ${samples.length}, one per sample, got ${groups.length}`,
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
        `too few samples or groups: ${samples.length} leave ${name} empty`,
      );
    }
    split[name] = members.sort((a, b) => a - b);
  }
  return split;
}

/** Samples that stay together, and their number per class. */
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
 * Computes how much the part's chi-squared distance from its share grows if it gets the group: the sum over
 * classes of (count in the part - expected)^2 / expected, where `expected` includes the group.
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
