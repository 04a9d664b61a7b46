import { assertEquals, assertThrows } from "@std/assert";
import { sweepThresholds } from "../../lib/evaluation/thresholds.ts";

Deno.test("sweepThresholds() counts what each threshold misses and lets through", () => {
  // Bare: 0.1, 0.5, 0.9; masked: 0.5, 0.9. A score at the threshold counts as masked.
  const [labels, scores] = [[0, 0, 0, 1, 1], [0.1, 0.5, 0.9, 0.5, 0.9]];
  assertEquals(sweepThresholds(labels, scores, 2, { steps: 2 }), [
    { threshold: 0, missed: 0, falseAlarms: 1 },
    { threshold: 0.5, missed: 0, falseAlarms: 2 / 3 },
    { threshold: 1, missed: 1, falseAlarms: 0 },
  ]);
});

Deno.test("sweepThresholds() takes label 1 against the rest of three classes", () => {
  const scores = [0.1, 0.6, 0.3, 0.2, 0.7, 0.1, 0.1, 0.2, 0.7];
  const [, half] = sweepThresholds([0, 1, 2], scores, 3, { steps: 2 });
  assertEquals(half, { threshold: 0.5, missed: 0, falseAlarms: 0.5 });
});

Deno.test("sweepThresholds() refuses one class alone, and steps that are none", () => {
  assertThrows(() => sweepThresholds([1, 1], [0.2, 0.9], 2), RangeError, "label 1 and others");
  assertThrows(() => sweepThresholds([0, 0], [0.2, 0.9], 2), RangeError, "label 1 and others");
  assertThrows(() => sweepThresholds([0, 1], [0.2, 0.9], 2, { steps: 0 }), RangeError, "steps");
});
