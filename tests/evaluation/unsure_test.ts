import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { chooseUnsureBelow, measureCoverage } from "../../lib/evaluation/unsure.ts";
import { wilsonInterval } from "../../lib/evaluation/metrics.ts";

/** Two classes: the first is the true one, so what is under 0.5 is right with 1 minus that. */
const BARE = [0, 0, 0, 0];

for (
  const [criterion, scores, rate, expected] of [
    ["is 0 where all answers are right", [0.1, 0.2, 0.3, 0.4], 1, 0],
    ["is 0 where enough are right", [0.1, 0.2, 0.3, 0.6], 0.75, 0],
    ["leaves out the least sure error", [0.1, 0.2, 0.3, 0.6], 1, 0.7],
    ["goes past an error that later answers make good", [0.2, 0.85, 0.3, 0.6], 0.66, 0.7],
    ["is 1 where the surest answer is wrong", [0.99, 0.02, 0.03, 0.04], 1, 1],
    ["takes equals together", [0.3, 0.7, 0.3, 0.1], 1, 0.9],
  ] as [string, number[], number, number][]
) {
  Deno.test(`chooseUnsureBelow() ${criterion}`, () => {
    assertAlmostEquals(chooseUnsureBelow(BARE, scores, 2, { rate }), expected, 1e-12);
  });
}

Deno.test("chooseUnsureBelow() gives the rate that was asked for, with three classes", () => {
  // Of 1,000 answers with confidence c, the share c is right.
  const labels: number[] = [], scores: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const confidence = 0.5 + 0.5 * (i / 1000), isRight = (i * 617) % 1000 / 1000 < confidence;
    labels.push(isRight ? 0 : 2);
    scores.push(confidence, 1 - confidence, 0);
  }
  const unsureBelow = chooseUnsureBelow(labels, scores, 3, { rate: 0.95 });
  assertAlmostEquals(unsureBelow, 0.9, 0.03); // the mean of 0.9 to 1 is 0.95
  const { accuracy, coverage } = measureCoverage(labels, scores, 3, unsureBelow);
  assertEquals(accuracy! >= 0.95, true);
  assertAlmostEquals(coverage, 0.2, 0.06);
});

Deno.test("measureCoverage() counts what is answered, and what of it is right", () => {
  // Confidences 0.9, 0.8, 0.6 and 0.9; the second and the third answer are wrong.
  const scores = [0.1, 0.8, 0.6, 0.9], labels = [0, 0, 0, 1];
  assertEquals(measureCoverage(labels, scores, 2, 0.7), {
    n: 4,
    answered: 3,
    coverage: 0.75,
    accuracy: 2 / 3,
    interval: wilsonInterval(2, 3),
  });
  assertEquals(measureCoverage(labels, scores, 2, 0.8).answered, 3, "the threshold itself counts");
  assertEquals(measureCoverage(labels, scores, 2, 1), {
    n: 4,
    answered: 0,
    coverage: 0,
    accuracy: null,
    interval: null,
  });
});

Deno.test("chooseUnsureBelow(), measureCoverage() refuse what is out of range", () => {
  for (const value of [-0.1, 1.1, NaN]) {
    const message = `must be in 0..1, got ${value}`;
    assertThrows(() => chooseUnsureBelow([0], [0.1], 2, { rate: value }), RangeError, message);
    assertThrows(() => measureCoverage([0], [0.1], 2, value), RangeError, message);
  }
  assertThrows(() => chooseUnsureBelow([], [], 2), RangeError);
  assertThrows(() => measureCoverage([0], [0.1, 0.2], 3, 0.5), RangeError);
});
