/** Describes results in words and in tables. */
import { DISPLAY, type Displayable, escapeHtml } from "./show.ts";
import type { Duplicates } from "../data/duplicates.ts";
import type { ModelEvaluation } from "../evaluation/evaluate_model.ts";
import type { ClassReport, Evaluation } from "../evaluation/metrics.ts";
import type { Coverage } from "../evaluation/unsure.ts";
import { plural, type Sample, type Unreadable } from "../types.ts";

/** The MIME type of an evaluation in a notebook's output, for programs. */
export const EVALUATION_TYPE = "application/vnd.face-mask.evaluation+json";

/** The header of a table of classes. */
export const EVALUATION_HEAD = ["class", "precision", "recall", "F1", "n"] as const;

/** An evaluation, with the notes of {@linkcode evaluateModel} if present. */
type Result = Evaluation & Partial<Pick<ModelEvaluation, "otherAnswers" | "warnings">>;

/**
 * Describes an evaluation in a few lines of text. If all samples are of one class, it reports the recall instead of
 * the accuracy.
 *
 * @param data The evaluated data, in words.
 * @example
 * ```ts
 * import { describeEvaluation } from "./report.ts";
 * import { evaluateScores } from "../evaluation/metrics.ts";
 *
 * const evaluation = evaluateScores([0, 1, 1], [0.2, 0.9, 0.4], ["without_mask", "with_mask"]);
 * console.log(describeEvaluation(evaluation, "three photos"));
 * ```
 */
export function describeEvaluation(evaluation: Result, data: string): string {
  const rows = [EVALUATION_HEAD, ...evaluationRows(evaluation)];
  const widths = EVALUATION_HEAD.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  const { name, figures } = summarise(evaluation);
  const only = findOnlyClass(evaluation);
  return [
    `${name}  ${figures}`,
    only ? `predicted ${describeRow(evaluation, only)}` : `ROC AUC   ${describeAuc(evaluation)}`,
    `photos    ${data}`,
    ...describeLimits(evaluation),
    ...(only ? [] : [
      "",
      ...rows.map((row) =>
        row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
      ),
    ]),
  ].join("\n");
}

/**
 * Lists the samples that were left out, the unreadable files, and notes on a data set.
 *
 * @example
 * ```ts
 * import { describeProblems } from "./report.ts";
 *
 * const unreadable = [{ file: "1.jpg", reason: "the file is empty" }];
 * console.log(describeProblems({ leftOut: [], unreadable, notes: [] }));
 * ```
 */
export function describeProblems({ leftOut, unreadable, notes }: {
  leftOut: readonly { reason: string; count: number }[];
  unreadable: readonly Unreadable[];
  notes: readonly Unreadable[];
}): string {
  return [
    ...leftOut.map(({ reason, count }) => `${count} left out: ${reason}`),
    ...listFiles(unreadable, "could not be read", Infinity),
    ...(notes.length > 0 ? listFiles(notes, "to be noted", MOST_NOTES) : []),
  ].join("\n");
}

/** The most notes that are listed: there may be thousands, such as photos without an annotation. */
const MOST_NOTES = 20;

function listFiles(files: readonly Unreadable[], what: string, most: number): string[] {
  const more = files.length > most ? [`  and ${files.length - most} more`] : [];
  const list = files.slice(0, most).map(({ file, reason }) => `  ${file}: ${reason}`);
  return [`${files.length} ${what}${files.length > 0 ? ":" : ""}`, ...list, ...more];
}

/**
 * Describes the share of sure predictions, and their accuracy.
 *
 * @example
 * ```ts
 * import { describeCoverage } from "./report.ts";
 *
 * console.log(describeCoverage({ unsureBelow: 0.8, answered: 9, coverage: 0.9, accuracy: 1 }));
 * ```
 */
export function describeCoverage(
  { unsureBelow, coverage, accuracy, answered }:
    & Pick<
      Coverage,
      "coverage" | "accuracy" | "answered"
    >
    & { unsureBelow: number },
): string {
  const right = accuracy === null ? "" : `; ${(100 * accuracy).toFixed(1)}% of them are right`;
  return `sure, from a probability of ${unsureBelow.toFixed(3)} on: ${answered} (${
    (100 * coverage).toFixed(1)
  }%)${right}`;
}

/**
 * Describes the metrics of slices, with one line per slice.
 *
 * @example
 * ```ts
 * import { describeSlices } from "./report.ts";
 *
 * const metrics = { n: 20, accuracy: 0.9, interval: [0.7, 0.97] as [number, number] };
 * console.log(describeSlices([{ name: "blurred", how: "least detail", ...metrics }]));
 * ```
 */
export function describeSlices(
  slices: readonly (Pick<Evaluation, "n" | "accuracy" | "interval"> & {
    name: string;
    how: string;
  })[],
): string {
  return slices.map(({ name, how, ...evaluation }) =>
    `${name.padEnd(28)}  ${describeAccuracy(evaluation)}, ${how}`
  ).join("\n");
}

/**
 * Describes the near-duplicates of a set, and lists pairs with contradicting labels.
 *
 * @example
 * ```ts
 * import { describeDuplicates } from "./report.ts";
 *
 * const found = { groups: [0, 0], exact: [], near: [], contradictions: [], largestGroup: 2 };
 * console.log(describeDuplicates(found, []));
 * ```
 */
export function describeDuplicates(
  { exact, near, contradictions, largestGroup }: Duplicates,
  samples: readonly Sample[],
): string {
  const name = (index: number) => {
    const { file, className } = samples[index]!;
    return `${file.split(/[/\\]/).slice(-2).join("/")} (${className})`;
  };
  return [
    `${plural(exact.length, "exact duplicate")} and ${plural(near.length, "near-duplicate")}; ` +
    `the largest group has ${plural(largestGroup, "sample")}`,
    `${plural(contradictions.length, "pair")} with labels that contradict each other${
      contradictions.length > 0 ? ":" : ""
    }`,
    ...contradictions.map(([first, second]) => `  ${name(first)} and ${name(second)}`),
  ].join("\n");
}

/**
 * Shows an evaluation in a notebook; programs read it under {@linkcode EVALUATION_TYPE}.
 *
 * @example
 * ```ts
 * import { display } from "./live.ts";
 * import { showEvaluation } from "./report.ts";
 * import { evaluateScores } from "../evaluation/metrics.ts";
 *
 * const evaluation = evaluateScores([0, 1, 1], [0.2, 0.9, 0.4], ["without_mask", "with_mask"]);
 * await display(showEvaluation(evaluation, { data: "three photos" }));
 * ```
 */
export function showEvaluation(evaluation: Result, { data }: { data: string }): Displayable {
  const row = (cells: readonly string[], tag: "td" | "th") =>
    `<tr>${cells.map((cell) => `<${tag} style="text-align:left">${cell}</${tag}>`).join("")}</tr>`;
  const { name, figures } = summarise(evaluation);
  const lines = [
    `<b>${name} ${figures}</b>`,
    `ROC AUC ${describeAuc(evaluation)}, on ${escapeHtml(data)}`,
    ...describeLimits(evaluation).map(escapeHtml),
  ];
  const bundle = {
    "text/html": `<p>${lines.join("<br>")}</p>` +
      `<table>${row(EVALUATION_HEAD, "th")}${
        evaluationRows(evaluation).map((cells) => row(cells, "td")).join("")
      }</table>`,
    "text/plain": describeEvaluation(evaluation, data),
    [EVALUATION_TYPE]: { ...evaluation, data },
  };
  return { [DISPLAY]: () => bundle };
}

/** Finds the only class that has samples; undefined if several have. */
function findOnlyClass({ perClass }: Evaluation): ClassReport | undefined {
  const present = perClass.filter(({ support }) => support > 0);
  return present.length === 1 ? present[0] : undefined;
}

/** Summarises an evaluation: its accuracy, or the recall of its only class. */
export function summarise(evaluation: Evaluation): { name: string; figures: string } {
  const only = findOnlyClass(evaluation);
  const name = only ? `recall of ${only.className}` : "accuracy";
  return { name, figures: describeAccuracy(evaluation) };
}

/** Describes the predictions of a class's samples, the class itself first. */
function describeRow({ classes, confusion }: Evaluation, { className }: ClassReport): string {
  const own = classes.indexOf(className);
  return [own, ...classes.keys().filter((label) => label !== own)]
    .map((label) => `${confusion[own]![label]} ${classes[label]}`).join(", ");
}

const describeAuc = ({ auc }: Evaluation) =>
  auc?.toFixed(4) ?? "undefined: it needs samples of each class";

/** Lists the limits of the metrics. */
export function describeLimits({ otherAnswers, warnings = [] }: Result): string[] {
  const other = otherAnswers && otherAnswers.count > 0
    ? [
      `note      ${plural(otherAnswers.count, "sample")} predicted as ${otherAnswers.className}, ` +
      "which is not evaluated here: the more probable of the other classes counts",
    ]
    : [];
  return [...other, ...warnings.map((warning) => `warning   ${warning}`)];
}

function describeAccuracy(
  { accuracy, n, interval: [low, high] }: Pick<Evaluation, "n" | "accuracy" | "interval">,
): string {
  return `${accuracy.toFixed(4)} (n = ${n}, 95% interval ${low.toFixed(4)} to ${high.toFixed(4)})`;
}

/** Makes one row per class, for {@linkcode EVALUATION_HEAD}. */
export function evaluationRows({ perClass }: Evaluation): string[][] {
  return perClass.map(({ className, precision, recall, f1, support }) => [
    className,
    ...[precision, recall, f1].map((value) => support > 0 ? value.toFixed(4) : "-"),
    String(support),
  ]);
}
