import { assertEquals, assertStringIncludes } from "@std/assert";
import { DISPLAY } from "../../lib/charts/mod.ts";
import { evaluateScores } from "../../lib/evaluation/metrics.ts";
import {
  describeEvaluation,
  describeLeftOut,
  describeNotes,
  describeUnreadable,
  EVALUATION_TYPE,
  showEvaluation,
} from "../../lib/charts/report.ts";

const evaluation = evaluateScores([0, 0, 1, 1], [0.1, 0.7, 0.6, 0.9], [
  "without_mask",
  "with_mask",
]);

Deno.test("describeEvaluation() says accuracy, n, interval, data and each class", () => {
  assertEquals(
    describeEvaluation(evaluation, "some photos").split("\n"),
    [
      // python -c "from statsmodels.stats.proportion import proportion_confint as p; print(p(3, 4, method='wilson'))"
      "accuracy  0.7500 (n = 4, 95% interval 0.3006 to 0.9544)",
      "ROC AUC   0.7500",
      "photos    some photos",
      "",
      "class         precision  recall  F1      n",
      "without_mask  1.0000     0.5000  0.6667  2",
      "with_mask     0.6667     1.0000  0.8000  2",
    ],
  );
});

Deno.test("describeEvaluation() says so where there is no ROC AUC", () => {
  const oneClass = evaluateScores([1, 1], [0.2, 0.9], ["without_mask", "with_mask"]);
  assertStringIncludes(describeEvaluation(oneClass, ""), "undefined: one class only");
});

Deno.test("showEvaluation() carries the numbers for programs, and escapes names", async () => {
  const bundle = await showEvaluation(evaluation, { data: "<b>me</b>" })[DISPLAY]();
  const { accuracy, data } = bundle[EVALUATION_TYPE] as { accuracy: number; data: string };
  assertEquals([accuracy, data], [0.75, "<b>me</b>"]);
  assertStringIncludes(String(bundle["text/html"]), "&lt;b&gt;me&lt;/b&gt;");
});

Deno.test("describeUnreadable() lists every file with its reason", () => {
  assertEquals(describeUnreadable([]), "0 could not be read");
  assertEquals(
    describeUnreadable([{ file: "a.jpg", reason: "the file is empty" }]),
    "1 could not be read:\n  a.jpg: the file is empty",
  );
});

Deno.test("describeNotes() lists what is odd, the first twenty of many", () => {
  assertEquals(describeNotes([]), "");
  const notes = Array.from({ length: 22 }, (_, i) => ({ file: `${i}.xml`, reason: "odd" }));
  assertEquals(describeNotes(notes.slice(0, 1)), "1 to be noted:\n  0.xml: odd");
  const lines = describeNotes(notes).split("\n");
  assertEquals([lines.length, lines[20], lines[21]], [22, "  19.xml: odd", "  and 2 more"]);
});

Deno.test("describeLeftOut() has a line for each reason", () => {
  assertEquals(describeLeftOut([]), "");
  assertEquals(
    describeLeftOut([{ reason: "face under 9 pixels", count: 3 }, { reason: "b", count: 1 }]),
    "3 left out: face under 9 pixels\n1 left out: b",
  );
});
