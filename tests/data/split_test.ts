import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { seededRandom } from "../../lib/random.ts";
import { type Split, splitDataset, type SplitOptions } from "../../lib/data/split.ts";

/** So many samples of each class, one class after the other. */
const makeSamples = (...counts: number[]) =>
  counts.flatMap((count, i) => Array.from({ length: count }, () => ({ className: "abc"[i]! })));
const parts = (split: Split) => [split.train, split.validation, split.test];
const sizes = (split: Split) => parts(split).map((part) => part.length);

/** How many of each class are in each part. */
const countClasses = (samples: { className: string }[], split: Split) =>
  parts(split).map((part) =>
    part.reduce<Record<string, number>>((counts, i) => {
      const { className } = samples[i]!;
      return { ...counts, [className]: (counts[className] ?? 0) + 1 };
    }, {})
  );

/** Groups of 1 to `largest` samples of mixed classes, most of them small, as photos have faces. */
function makeGroups(seed: number, largest: number) {
  const random = seededRandom(seed);
  const samples: { className: string }[] = [], groups: number[] = [];
  for (let group = 0; group < 300; group++) {
    const size = Math.ceil(largest * random() ** 4);
    for (let i = 0; i < size; i++) {
      samples.push({ className: random() < 0.75 ? "a" : random() < 0.9 ? "b" : "c" });
      groups.push(group * 7 % 300); // in no order
    }
  }
  return { samples, groups };
}

Deno.test("splitDataset() puts each sample in one part, ascending", () => {
  for (let seed = 0; seed < 30; seed++) {
    const { samples, groups } = makeGroups(seed, 12);
    for (const options of [{ seed }, { seed, groups }]) {
      const split = splitDataset(samples, options);
      for (const part of parts(split)) assertEquals(part, part.toSorted((a, b) => a - b));
      assertEquals(parts(split).flat().sort((a, b) => a - b), [...samples.keys()]);
    }
  }
});

Deno.test("splitDataset() keeps each class's share within one sample, without groups", () => {
  for (const [validation, test] of [[0.15, 0.15], [0.1, 0.2], [0.05, 0.3], [0, 0.25]] as const) {
    for (let count = 10; count <= 120; count++) {
      const samples = makeSamples(count, 200);
      const split = splitDataset(samples, { validation, test, seed: count });
      const [train, ...others] = countClasses(samples, split).map(({ a }) => a ?? 0);
      assert(Math.abs(train! - (1 - validation - test) * count) <= 1, `${count}: ${train}`);
      assert(Math.abs(others[0]! - validation * count) <= 1, `${count}: ${others}`);
      assert(Math.abs(others[1]! - test * count) <= 1, `${count}: ${others}`);
    }
  }
});

Deno.test("splitDataset() splits known counts as expected", () => {
  for (
    const [counts, options, expected] of [
      [[1655, 1793], {}, [2414, 517, 517]],
      [[70, 30], {}, [70, 15, 15]],
      [[50, 50], { validation: 0.1, test: 0.2 }, [70, 10, 20]],
      [[50, 50], { validation: 0, test: 0.2 }, [80, 0, 20]],
      [[50, 50], { validation: 0, test: 0 }, [100, 0, 0]],
      [[3], {}, [1, 1, 1]],
      [[20, 3], {}, [15, 4, 4]],
    ] as [number[], SplitOptions, number[]][]
  ) assertEquals(sizes(splitDataset(makeSamples(...counts), options)), expected);
});

Deno.test("splitDataset() gives each part some of a small class where there are enough", () => {
  for (let count = 1; count <= 9; count++) {
    const samples = makeSamples(100, count);
    const [train, validation, test] = countClasses(samples, splitDataset(samples));
    assertEquals(
      [train, validation, test].map((counts) => (counts!.b ?? 0) > 0),
      [true, count > 2, count > 1],
      `${count}`,
    );
  }
});

Deno.test("splitDataset() never parts a group, over 200 seeds", () => {
  for (let seed = 0; seed < 200; seed++) {
    const { samples, groups } = makeGroups(seed % 20, 1 + seed);
    const split = splitDataset(samples, { seed, groups });
    const seen = parts(split).map((part) => new Set(part.map((i) => groups[i])));
    const together = seen.reduce((sum, { size }) => sum + size, 0);
    assertEquals(together, new Set(groups).size, `seed ${seed}`);
  }
});

Deno.test("splitDataset() stratifies by class as far as groups allow", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { samples, groups } = makeGroups(seed, 40);
    const split = splitDataset(samples, { seed, groups });
    const whole = countClasses(samples, {
      train: [...samples.keys()],
      validation: [],
      test: [],
    })[0]!;
    const shares = [0.7, 0.15, 0.15];
    for (const [part, counts] of countClasses(samples, split).entries()) {
      for (const className of "abc") {
        const exact = shares[part]! * whole[className]!;
        const most = Math.max(2, 0.02 * exact);
        assertLessOrEqual(
          Math.abs(counts[className]! - exact),
          most,
          `seed ${seed}, part ${part}, ${className}: ${counts[className]} for ${exact}`,
        );
      }
    }
  }
});

Deno.test("splitDataset() deals large groups to all parts in proportion", () => {
  // Half of the samples come in groups of ten, half alone.
  const groups = Array.from({ length: 2000 }, (_, i) => i < 1000 ? Math.floor(i / 10) : i);
  for (let seed = 0; seed < 20; seed++) {
    const split = splitDataset(makeSamples(2000), { seed, groups });
    const grouped = parts(split).map((part) => part.filter((i) => i < 1000).length);
    assertEquals(grouped, [700, 150, 150], `seed ${seed}`);
  }
});

Deno.test("splitDataset() is as random as its seed, and changes no input", () => {
  const { samples, groups } = makeGroups(1, 12);
  const before = structuredClone({ samples, groups });
  for (const given of [undefined, groups]) {
    const split = (seed?: number) => splitDataset(samples, { seed, groups: given });
    assertEquals(split(7), split(7));
    assertEquals(split(), split(42));
    assertNotEquals(split(7), split(8));
  }
  assertEquals({ samples, groups }, before);

  // Each of 100 samples is about as often in the test part as another: 15% of 2,000 splits, standard
  // deviation 0.8%.
  const hits = new Array<number>(100).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    for (const i of splitDataset(makeSamples(100), { seed }).test) hits[i]!++;
  }
  for (const count of hits) assert(Math.abs(count / 2000 - 0.15) < 0.035, `${count / 2000}`);
});

Deno.test("splitDataset() refuses what does not fit", () => {
  const samples = makeSamples(10, 10);
  for (
    const [options, message] of [
      [{ validation: -0.1 }, "validation must be in 0 <= validation < 1, got -0.1"],
      [{ test: 1 }, "test must be in 0 <= test < 1, got 1"],
      [{ test: NaN }, "test must be in 0 <= test < 1, got NaN"],
      [{ validation: 0.5, test: 0.5 }, "validation + test must be less than 1, got 0.5 + 0.5"],
      [{ groups: [1, 2] }, "groups must be 20, one per sample, got 2"],
      [{ seed: 0.5 }, "safe integer"],
      [{ groups: new Array(20).fill(0) }, "too few samples or groups"],
    ] as [SplitOptions, string][]
  ) assertThrows(() => splitDataset(samples, options), RangeError, message);
  assertThrows(() => splitDataset([]), RangeError, "0 leave train empty");
  assertThrows(() => splitDataset(makeSamples(2)), RangeError, "2 leave validation empty");
});
