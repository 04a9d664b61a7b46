import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DISPLAY } from "../../lib/charts/mod.ts";
import { evaluateScores } from "../../lib/evaluation/metrics.ts";
import {
  describeCoverage,
  describeEvaluation,
  describeProblems,
  EVALUATION_TYPE,
  showEvaluation,
} from "../../lib/charts/report.ts";
import { CLASSES, type Unreadable } from "../../lib/types.ts";

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

Deno.test("showEvaluation() carries the numbers for programs, and escapes names", async () => {
  const bundle = await showEvaluation(evaluation, { data: "<b>me</b>" })[DISPLAY]();
  const { accuracy, data } = bundle[EVALUATION_TYPE] as { accuracy: number; data: string };
  assertEquals([accuracy, data], [0.75, "<b>me</b>"]);
  assertStringIncludes(String(bundle["text/html"]), "&lt;b&gt;me&lt;/b&gt;");
});

const none = { leftOut: [], unreadable: [], notes: [] };

Deno.test("describeProblems() lists every file that could not be read, with its reason", () => {
  assertEquals(describeProblems(none), "0 could not be read");
  const unreadable = [{ file: "a.jpg", reason: "the file is empty" }];
  const words = "1 could not be read:\n  a.jpg: the file is empty";
  assertEquals(describeProblems({ ...none, unreadable }), words);
});

Deno.test("describeProblems() lists what is odd, the first twenty of many", () => {
  const notes = Array.from({ length: 22 }, (_, i) => ({ file: `${i}.xml`, reason: "odd" }));
  const linesOf = (notes: Unreadable[]) =>
    describeProblems({ ...none, notes }).split("\n").slice(1);
  assertEquals(linesOf(notes.slice(0, 1)), ["1 to be noted:", "  0.xml: odd"]);
  const lines = linesOf(notes);
  assertEquals([lines.length, lines[20], lines[21]], [22, "  19.xml: odd", "  and 2 more"]);
});

Deno.test("describeProblems() has a line for each reason to leave samples out", () => {
  const leftOut = [{ reason: "face under 9 pixels", count: 3 }, { reason: "b", count: 1 }];
  assertEquals(
    describeProblems({ ...none, leftOut }).split("\n").slice(0, 2),
    ["3 left out: face under 9 pixels", "1 left out: b"],
  );
});

Deno.test("describeEvaluation() gives the recall of one class alone, and no accuracy", () => {
  const oneClass = evaluateScores([1, 1, 1, 1], [0.2, 0.9, 0.8, 0.7], CLASSES.binary);
  assertEquals(describeEvaluation(oneClass, "some photos").split("\n"), [
    "recall of with_mask  0.7500 (n = 4, 95% interval 0.3006 to 0.9544)",
    "predicted 3 with_mask, 1 without_mask",
    "photos    some photos",
  ]);
});

Deno.test("describeEvaluation() says beside the accuracy what limits it", async () => {
  const otherAnswers = { className: "mask_weared_incorrect" as const, count: 1 };
  const limited = { ...evaluation, otherAnswers, warnings: ["the set has 4 photos"] };
  const lines = describeEvaluation(limited, "some photos").split("\n");
  assertMatch(lines[3]!, /^note {6}1 sample predicted as mask_weared_incorrect, which is not/);
  assertEquals(lines[4], "warning   the set has 4 photos");
  const html = String((await showEvaluation(limited, { data: "" })[DISPLAY]())["text/html"]);
  assertStringIncludes(html, "the set has 4 photos");
  assertStringIncludes(html, "1 sample predicted as mask_weared_incorrect");
});

Deno.test("describeEvaluation() gives no figures to a class without samples", () => {
  const classes = CLASSES["three-class"];
  const two = evaluateScores([0, 1], [0.8, 0.1, 0.1, 0.1, 0.8, 0.1], classes);
  const text = describeEvaluation(two, "");
  assertMatch(text, /mask_weared_incorrect {2}- {10}- {7}- {7}0$/);
  assertStringIncludes(text, "ROC AUC   undefined: it needs samples of each class");
});

Deno.test("describeCoverage() says what is answered, and what of it is right", () => {
  const some = { unsureBelow: 0.82, answered: 90, coverage: 0.9, accuracy: 0.9889 };
  assertEquals(
    describeCoverage(some),
    "sure, from a probability of 0.820 on: 90 (90.0%); 98.9% of them are right",
  );
  const none = { unsureBelow: 1, answered: 0, coverage: 0, accuracy: null };
  assertEquals(describeCoverage(none), "sure, from a probability of 1.000 on: 0 (0.0%)");
});
