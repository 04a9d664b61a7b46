import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { compareClassifiers } from "../../lib/evaluation/mcnemar.ts";

/** Photos of class 1 that one, the other, both, or neither of two classifiers takes for class 1. */
function makeScores(counts: { first: number; second: number; both?: number; neither?: number }) {
  const rows = [
    ...new Array(counts.first).fill([0.9, 0.1]),
    ...new Array(counts.second).fill([0.2, 0.5]),
    ...new Array(counts.both ?? 0).fill([0.7, 0.8]),
    ...new Array(counts.neither ?? 0).fill([0.1, 0.3]),
  ];
  return {
    labels: rows.map(() => 1),
    first: rows.map(([score]) => score),
    second: rows.map(([, score]) => score),
  };
}

// for a, b in [(1, 3), ...]: print(mcnemar([[0, a], [b, 0]], exact=True).pvalue)
// with statsmodels 0.15.0; scipy.stats.binomtest(a, a + b, 0.5) of SciPy 1.15.3 gives the same.
for (
  const [first, second, p] of [
    [1, 3, 0.625],
    [0, 5, 0.0625],
    [10, 25, 0.016673847800120715],
    [40, 40, 1],
    [1400, 1600, 0.00027856396103923925],
    [1450, 1550, 0.07066904481175747],
    [1000, 2000, 1.0090148627940651e-75],
    [0, 3000, 0],
  ] as const
) {
  Deno.test(`compareClassifiers() has statsmodels' p for ${first} against ${second}`, () => {
    for (const [onlyFirst, onlySecond] of [[first, second], [second, first]] as const) {
      const scores = makeScores({ first: onlyFirst, second: onlySecond, both: 7, neither: 2 });
      const found = compareClassifiers(scores.labels, scores.first, scores.second, 2);
      assertEquals([found.onlyFirst, found.onlySecond], [onlyFirst, onlySecond]);
      assertAlmostEquals(found.p, p, 1e-9 * p);
    }
  });
}

Deno.test("compareClassifiers() finds no difference where there is none", () => {
  const { labels, first } = makeScores({ first: 3, second: 2, both: 4 });
  assertEquals(compareClassifiers(labels, first, first, 2), { onlyFirst: 0, onlySecond: 0, p: 1 });
});

Deno.test("compareClassifiers() takes one probability or two for two classes, and more for more", () => {
  const { labels, first, second } = makeScores({ first: 1, second: 6, both: 2 });
  const inTwo = first.flatMap((score) => [1 - score, score]);
  const expected = compareClassifiers(labels, first, second, 2);
  assertEquals(compareClassifiers(labels, inTwo, second, 2), expected);
  const inThree = (scores: number[]) => scores.flatMap((score) => [1 - score, score, 0]);
  // The second's ties of 0.5 go to class 1 with two classes, to the first of equals with three.
  const { onlySecond } = compareClassifiers(labels, inThree(first), inThree(second), 3);
  assertEquals([expected.onlySecond, onlySecond], [6, 0]);
});

Deno.test("compareClassifiers() gives a smaller p the more uneven the counts are", () => {
  let before = 1.1; // 10 against 11 is as likely as not
  for (let second = 11; second <= 40; second++) {
    const scores = makeScores({ first: 10, second });
    const { p } = compareClassifiers(scores.labels, scores.first, scores.second, 2);
    assertLess(p, before);
    before = p;
  }
});

Deno.test("compareClassifiers() refuses what does not fit", () => {
  for (
    const [labels, first, second, message] of [
      [[], [], [], "labels must be at least one"],
      [[1, 0], [0.5], [0.5, 0.5], "got 1"],
      [[1, 0], [0.5, 0.5], [0.5, 0.5, 0.5], "got 3"],
      [[2], [0.5], [0.5], "label 0 must be an integer in 0..1, got 2"],
      [[1], [0.5], [NaN], "probability 0 must be in 0..1, got NaN"],
    ] as [number[], number[], number[], string][]
  ) assertThrows(() => compareClassifiers(labels, first, second, 2), RangeError, message);
});
