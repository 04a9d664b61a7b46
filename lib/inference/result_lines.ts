/** Results of files as text, as JSON Lines or as CSV. */
import { stringify } from "npm:csv-stringify@6.9.0/sync";
import { CLASS_STYLES } from "../class_style.ts";
import { escapeControls, escapeJsonControls } from "./escape_controls.ts";
import type { Prediction } from "../model/predictions.ts";
import type { FileResult } from "./predict_files.ts";

/** How results are written. */
export type ResultFormat = "text" | "json" | "csv";

/** The names that stand in the first line of a CSV file, in the order of `csvRows`. */
const CSV_COLUMNS = [
  "file",
  "label",
  "probability",
  "left",
  "top",
  "width",
  "height",
  "score",
  "faces",
  "error",
];

/** What stands before the first result. */
export function formatHead(format: ResultFormat): string {
  return format === "csv" ? CSV_COLUMNS.join(",") + "\n" : "";
}

/**
 * Writes a result in whole lines.
 *
 * - Text has one line per file. Control characters, and those that turn the direction of writing, are
 *   escaped.
 * - JSON is that of JSON Lines, with the likeliest class beside the mark of what is unsure.
 * - CSV is that of RFC 4180, with one row per face and one for a photo without: `faces` says how many rows the
 *   photo has. It is 0 where there is no face, and empty where no faces were looked for. The label of what is
 *   unsure is `unsure`. A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets a `'`
 *   before it, so that no spreadsheet runs it as a formula.
 *
 * Source of the guard: https://owasp.org/www-community/attacks/CSV_Injection
 *
 * @example
 * ```ts
 * import { formatResult } from "./result_lines.ts";
 *
 * const result = { file: "a.jpg", label: "with_mask", probability: 0.97 } as const;
 * console.log(formatResult(result, "text")); // a.jpg: with mask (97.0%)
 * ```
 */
export function formatResult(result: FileResult, format: ResultFormat): string {
  if (format === "json") return escapeJsonControls(JSON.stringify(roundBoxes(result))) + "\n";
  if (format === "csv") {
    return stringify(csvRows(result), { escape_formulas: true, quoted_match: /\r/ });
  }
  return escapeControls(`${result.file}: ${describeResult(result)}`) + "\n";
}

function describeResult(result: FileResult): string {
  if ("error" in result) return result.error.replaceAll(/\s*\n\s*/g, " ");
  if ("label" in result) return describe(result);
  return result.faces.length === 0 ? "no face found" : result.faces.map(describe).join(", ");
}

const describe = ({ label, probability, unsure }: Prediction) =>
  `${unsure ? "unsure, perhaps " : ""}${CLASS_STYLES[label].words} (${
    (100 * probability).toFixed(1)
  }%)`;

/** A hundredth of a pixel says enough. */
function roundBoxes(result: FileResult): FileResult {
  if (!("faces" in result)) return result;
  const faces = result.faces.map(({ box, ...face }) => ({
    box: {
      left: hundredth(box.left),
      top: hundredth(box.top),
      width: hundredth(box.width),
      height: hundredth(box.height),
    },
    ...face,
  }));
  return { file: result.file, faces };
}

const hundredth = (value: number) => Math.round(100 * value) / 100;

function csvRows(result: FileResult): (string | number)[][] {
  const { file } = result;
  const none = ["", "", "", "", ""];
  if ("error" in result) return [[file, "", "", ...none, "", result.error]];
  if ("label" in result) return [[file, nameOf(result), result.probability, ...none, "", ""]];
  if (result.faces.length === 0) return [[file, "", "", ...none, 0, ""]];
  return result.faces.map((face) => {
    const { probability, box, score } = face;
    const corner = [box.left, box.top, box.width, box.height].map(hundredth);
    return [file, nameOf(face), probability, ...corner, score, result.faces.length, ""];
  });
}

const nameOf = ({ label, unsure }: Prediction) => unsure ? "unsure" : label;
