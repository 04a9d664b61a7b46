/** Results in words, and as a table. */
import { DISPLAY, type Displayable, escapeHtml } from "./show.ts";
import type { Duplicates } from "../data/duplicates.ts";
import type { DetectionEvaluation, RankedResult } from "../evaluation/detection_metrics.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import type { Sample, Unreadable } from "../types.ts";

/** The MIME type under which a notebook's output carries the evaluation for programs. */
export const EVALUATION_TYPE = "application/vnd.face-mask.evaluation+json";

const HEAD = ["class", "precision", "recall", "F1", "n"] as const;

/**
 * Puts an evaluation into a few lines of text.
 *
 * @param data What it was measured on, in words.
 */
export function describeEvaluation(evaluation: Evaluation, data: string): string {
  const rows = [HEAD, ...tableRows(evaluation)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    `accuracy  ${describeAccuracy(evaluation)}`,
    `ROC AUC   ${evaluation.auc?.toFixed(4) ?? "undefined: one class only"}`,
    `photos    ${data}`,
    "",
    ...rows.map((row) =>
      row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
    ),
  ].join("\n");
}

/** Lists what could not be read, and why. */
export function describeUnreadable(unreadable: readonly Unreadable[]): string {
  const list = unreadable.map(({ file, reason }) => `  ${file}: ${reason}`);
  return [`${unreadable.length} could not be read${list.length > 0 ? ":" : ""}`, ...list].join(
    "\n",
  );
}

/** Of what may be thousands, such as photos without an annotation, so many are listed. */
const MOST_NOTES = 20;

/** Says what is odd about a set's files; nothing where nothing is. */
export function describeNotes(notes: readonly Unreadable[]): string {
  const list = notes.slice(0, MOST_NOTES).map(({ file, reason }) => `  ${file}: ${reason}`);
  const more = notes.length > MOST_NOTES ? [`  and ${notes.length - MOST_NOTES} more`] : [];
  return notes.length === 0 ? "" : [`${notes.length} to be noted:`, ...list, ...more].join("\n");
}

/** Puts the figures of kinds of photos into a line each. */
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

/** Says how many copies of photos a set holds, and names those whose labels contradict each other. */
export function describeDuplicates(
  { exact, near, contradictions, largestGroup }: Duplicates,
  samples: readonly Sample[],
): string {
  const name = (place: number) => samples[place]!.file.split(/[/\\]/).slice(-2).join("/");
  const pairs = contradictions.map(([first, second]) =>
    `  ${name(first)} (${samples[first]!.className}) and ${name(second)} (${
      samples[second]!.className
    })`
  );
  return [
    `${exact.length} exact and ${near.length} near copies; the largest group has ${largestGroup} photos`,
    `${pairs.length} pairs whose labels contradict each other${pairs.length > 0 ? ":" : ""}`,
    ...pairs,
  ].join("\n");
}

/** Says how many readable samples were left out on purpose, and why; nothing where none were. */
export function describeLeftOut(leftOut: readonly { reason: string; count: number }[]): string {
  return leftOut.map(({ reason, count }) => `${count} left out: ${reason}`).join("\n");
}

/** Shows an evaluation in a notebook; programs find it under {@linkcode EVALUATION_TYPE}. */
export function showEvaluation(evaluation: Evaluation, { data }: { data: string }): Displayable {
  const row = (cells: readonly string[], tag: "td" | "th") =>
    `<tr>${cells.map((cell) => `<${tag} style="text-align:left">${cell}</${tag}>`).join("")}</tr>`;
  const bundle = {
    "text/html": `<p><b>Test accuracy ${describeAccuracy(evaluation)}</b><br>` +
      `ROC AUC ${evaluation.auc?.toFixed(4) ?? "undefined"}, on ${escapeHtml(data)}</p>` +
      `<table>${row(HEAD, "th")}${
        tableRows(evaluation).map((cells) => row(cells, "td")).join("")
      }</table>`,
    "text/plain": describeEvaluation(evaluation, data),
    [EVALUATION_TYPE]: { ...evaluation, data },
  };
  return { [DISPLAY]: () => bundle };
}

function describeAccuracy(
  { accuracy, n, interval: [low, high] }: Pick<Evaluation, "n" | "accuracy" | "interval">,
): string {
  return `${accuracy.toFixed(4)} (n = ${n}, 95% interval ${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function tableRows({ perClass }: Evaluation): string[][] {
  return perClass.map(({ className, precision, recall, f1, support }) => [
    className,
    ...[precision, recall, f1].map((value) => value.toFixed(4)),
    String(support),
  ]);
}

/**
 * Puts what the chain from photo to labelled faces is worth into a few lines of text.
 *
 * @param data What it was measured on, in words.
 */
export function describeDetection(evaluation: DetectionEvaluation, data: string): string {
  const { mAP, mAP2, perClass, detector, countErrors, photos, faces, ignoredFaces } = evaluation;
  const figure = (value: number | null) => value?.toFixed(4) ?? "undefined";
  const line = (name: string, { averagePrecision, recall, precision, truths }: RankedResult) =>
    `${name.padEnd(22)}  ${figure(averagePrecision)}  ${figure(recall)}  ${
      figure(precision)
    }     ${truths}`;
  return [
    `mAP       ${figure(mAP)} at IoU 0.5, mAP2 ${figure(mAP2)}`,
    `photos    ${photos}, ${faces} faces, ${ignoredFaces} too small or difficult to count: ${data}`,
    "",
    `${"".padEnd(22)}  AP      recall  precision  n`,
    ...Object.entries(perClass).map(([className, result]) => line(className, result)),
    line("the detector alone", detector),
    "",
    "recall by pixels on the shorter side",
    ...detector.recallBySize.map(({ from, to, truths, recall }) =>
      `  ${`${from} to ${to ?? "any"}`.padEnd(10)}  ${figure(recall)}  n = ${truths}`
    ),
    "counts off by, in faces a photo",
    ...Object.entries(countErrors).map(([what, error]) =>
      `  ${what.padEnd(22)}${error.toFixed(3)}`
    ),
  ].join("\n");
}
