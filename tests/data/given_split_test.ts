import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { keepGivenSplit } from "../../lib/data/given_split.ts";
import type { Part, Sample } from "../../lib/types.ts";

/** So many samples of each part, of both classes in turn, each a group of its own. */
function makeSamples(...parts: [Part | undefined, number][]) {
  const samples: Sample[] = parts.flatMap(([part, count]) =>
    Array.from({ length: count }, (_, i) => ({
      file: `${part}/${i}.jpg`,
      className: i % 2 === 0 ? "with_mask" as const : "without_mask" as const,
      ...(part && { part }),
    }))
  );
  return { samples, groups: [...samples.keys()] };
}
const sizes = ({ split }: NonNullable<ReturnType<typeof keepGivenSplit>>) => [
  split.train.length,
  split.validation.length,
  split.test.length,
];

Deno.test("keepGivenSplit() keeps three parts, and says so", () => {
  const { samples, groups } = makeSamples(["test", 20], ["train", 1000], ["validation", 30]);
  const { split, notes } = keepGivenSplit(samples, { groups, seed: 1 })!;
  for (const [name, part] of Object.entries(split)) {
    assertEquals(
      new Set(part.map((index: number) => samples[index]!.part as string)),
      new Set([name]),
    );
  }
  assertEquals(split.test, [...Array(20).keys()]);
  assertEquals(notes, [
    "the split that the set comes with is kept: 1,000 photos for training, 30 photos for validation, " +
    "20 photos for test",
  ]);
});

Deno.test("keepGivenSplit() counts near-duplicates across parts, and moves none", () => {
  const { samples, groups } = makeSamples(["train", 10], ["validation", 5], ["test", 5]);
  groups[15] = groups[16] = 3; // test, training
  groups[17] = groups[12]!; // test, validation
  groups[11] = 4;
  const given = keepGivenSplit(samples, { groups, seed: 1 })!;
  assertEquals(sizes(given), [10, 5, 5]);
  assertEquals(given.notes.slice(1), [
    "its validation part of 5 photos shares 1 near-duplicate with its training part: results on it are too optimistic",
    "its test part of 5 photos shares 2 near-duplicates with its training part: results on it are too optimistic",
  ]);
});

Deno.test("keepGivenSplit() deals a part that is missing from the training part, group by group", () => {
  for (
    const [parts, expected, words] of [
      [[["train", 100], ["test", 40]], [85, 15, 40], "a validation part"],
      [[["train", 100], ["validation", 40]], [85, 40, 15], "a test part"],
    ] as [[Part, number][], number[], string][]
  ) {
    const { samples, groups } = makeSamples(...parts);
    for (let i = 0; i < 100; i++) groups[i] = Math.floor(i / 5);
    const given = keepGivenSplit(samples, { groups, seed: 1 })!;
    assertEquals(sizes(given), expected);
    assertEquals(
      given.notes[1],
      `it does not have ${words}: 15% of its training part are taken for it`,
    );
    const seen = Object.values(given.split).map((part) =>
      new Set(part.map((i: number) => groups[i]))
    );
    assertEquals(seen.reduce((sum, { size }) => sum + size, 0), new Set(groups).size);
    assertNotEquals(keepGivenSplit(samples, { groups, seed: 2 })!.split, given.split);
    assertEquals(keepGivenSplit(samples, { groups, seed: 1 }), given);
  }
  const few = makeSamples(["train", 1], ["test", 4]);
  assertThrows(
    () => keepGivenSplit(few.samples, { groups: few.groups, seed: 1 }),
    RangeError,
    "1 leave validation empty",
  );
});

Deno.test("keepGivenSplit() uses no photo that is in no part, and needs two parts", () => {
  const { samples, groups } = makeSamples(["train", 4], [undefined, 3], ["validation", 2], [
    "test",
    1,
  ]);
  const given = keepGivenSplit(samples, { groups, seed: 1 })!;
  assertEquals(sizes(given), [4, 2, 1]);
  assertEquals(given.notes[1], "3 photos in no part of that split: not used");
  const [validation, test] = [
    makeSamples(["validation", 2], ["test", 3]),
    makeSamples(["test", 3]),
  ];
  assertEquals(sizes(keepGivenSplit(validation.samples, { ...validation, seed: 1 })!), [0, 2, 3]);
  assertEquals(keepGivenSplit(test.samples, { ...test, seed: 1 }), undefined);
  assertEquals(keepGivenSplit([], { groups: [], seed: 1 }), undefined);
});
