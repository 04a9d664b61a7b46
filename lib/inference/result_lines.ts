/** Results of files as text, as JSON Lines or as CSV. */
import { CLASS_STYLES } from "../class_style.ts";
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
 * CSV is that of RFC 4180, with a row for each face and one for a photo without: `faces` says how many
 * rows the photo has; it is 0 where there is no face, and empty where faces were not looked for. The label
 * of what is unsure is `unsure`; JSON has the likeliest class beside the mark.
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
  if (format === "json") return JSON.stringify(roundBoxes(result)) + "\n";
  if (format === "csv") {
    return csvRows(result).map((row) => row.map(quoteField).join(",") + "\n").join("");
  }
  const { file } = result;
  if ("error" in result) return `${file}: ${result.error}\n`;
  if ("label" in result) return `${file}: ${describe(result)}\n`;
  const found = result.faces.length === 0 ? "no face found" : result.faces.map(describe).join(", ");
  return `${file}: ${found}\n`;
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

function quoteField(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
