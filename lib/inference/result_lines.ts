/** Formats results as text, JSON Lines or CSV. */
import { stringify } from "npm:csv-stringify@6.9.0/sync";
import { CLASS_STYLES } from "../class_style.ts";
import { escapeControls, escapeJsonControls } from "./escape_controls.ts";
import type { Prediction } from "../model/predictions.ts";
import type { FileResult } from "./predict_files.ts";

/** The format of results. */
export type ResultFormat = "text" | "json" | "csv";

/** The header of a CSV file, in the order of `csvRows`. */
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

/**
 * Formats the line before the first result: the header of CSV, empty for other formats.
 *
 * @example
 * ```ts
 * import { formatHead } from "./result_lines.ts";
 *
 * console.log(formatHead("csv")); // file,label,probability,left,top,width,height,score,faces,error
 * ```
 */
export function formatHead(format: ResultFormat): string {
  return format === "csv" ? CSV_COLUMNS.join(",") + "\n" : "";
}

/**
 * Formats a result as one or more complete lines.
 *
 * - Text has one line per file. Control characters and bidirectional controls are escaped.
 * - JSON is JSON Lines. An unsure result has its most probable class and the field `unsure`.
 * - CSV follows RFC 4180, with one row per face, or one row for a photo without faces. `faces` is the number of
 *   the photo's rows: 0 if it has no face, empty if faces were not searched. Unsure results have the label
 *   `unsure`. A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is prefixed with `'`, so that
 *   spreadsheets do not run it as a formula.
 *
 * Source of the prefix: https://owasp.org/www-community/attacks/CSV_Injection
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

/** Rounds boxes to hundredths of a pixel. */
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
