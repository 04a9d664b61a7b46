import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  checkLabels,
  decideLabels,
  readProbabilities,
} from "../../lib/evaluation/probabilities.ts";

Deno.test("readProbabilities() reads one column or two for two classes, and one for each of more", () => {
  const table = (labels: number[], probabilities: number[], classes: number) => {
    const probability = readProbabilities(labels, probabilities, classes);
    return labels.map((_, row) =>
      Array.from({ length: classes }, (_, label) => probability(row, label))
    );
  };
  assertEquals(table([0, 1], [0.25, 1], 2), [[0.75, 0.25], [0, 1]]);
  assertEquals(table([0, 1], [0.5, 0.25, 0, 1], 2), [[0.5, 0.25], [0, 1]]);
  assertEquals(table([2], [0.5, 0.25, 0.125], 3), [[0.5, 0.25, 0.125]]);
  const floats = readProbabilities(Int32Array.of(1), Float32Array.of(0.1), 2);
  assertAlmostEquals(floats(0, 0), 0.9, 1e-7);
});

Deno.test("readProbabilities() refuses what does not fit", () => {
  for (
    const [labels, probabilities, classes, message] of [
      [[0], [0.5], 1, "classes must be at least 2, got 1"],
      [[], [], 2, "labels must be at least one"],
      [[0, 1], [0.5, 0.5, 0.5], 2, "probabilities must be 4 or 2 for 2 labels of 2 classes, got 3"],
      [[0], [0.5], 3, "probabilities must be 3 for 1 labels of 3 classes, got 1"],
      [[0], [-0.1], 2, "probability 0 must be in 0..1, got -0.1"],
      [[0, 1], [0.5, NaN], 2, "probability 1 must be in 0..1, got NaN"],
      [[0, 0.5], [0.5, 0.5], 2, "label 1 must be an integer in 0..1, got 0.5"],
    ] as [number[], number[], number, string][]
  ) assertThrows(() => readProbabilities(labels, probabilities, classes), RangeError, message);
});

Deno.test("decideLabels() takes the second of two from the threshold on", () => {
  const scores = [0, 0.3, 0.5, 0.7, 1];
  const probability = readProbabilities(scores.map(() => 0), scores, 2);
  for (
    const [threshold, expected] of [
      [undefined, [0, 0, 1, 1, 1]],
      [0, [1, 1, 1, 1, 1]],
      [0.7, [0, 0, 0, 1, 1]],
      [1, [0, 0, 0, 0, 1]],
    ] as const
  ) assertEquals(decideLabels(probability, 5, 2, { threshold }), [...expected]);
  for (const threshold of [-0.1, 1.1, NaN]) {
    assertThrows(() => decideLabels(probability, 5, 2, { threshold }), RangeError, "0..1");
  }
});

Deno.test("decideLabels() takes the most probable of three, the first of equals", () => {
  const rows = [[0.2, 0.5, 0.3], [0.4, 0.2, 0.4], [0, 0, 1], [0.3, 0.35, 0.35]];
  const probability = readProbabilities(rows.map(() => 0), rows.flat(), 3);
  assertEquals(decideLabels(probability, rows.length, 3), [1, 0, 2, 1]);
});

Deno.test("checkLabels() names the first that is not the index of a class", () => {
  checkLabels([0, 1, 2], 3, "label");
  for (const wrong of [3, -1, 1.5, NaN]) {
    const message = `prediction 1 must be an integer in 0..2, got ${wrong}`;
    assertThrows(() => checkLabels([0, wrong], 3, "prediction"), RangeError, message);
  }
});
