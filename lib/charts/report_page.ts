/** Writes an evaluation as one self-contained HTML page. */
import type { TopLevelSpec } from "vega-lite";
import { CLASS_STYLES } from "../class_style.ts";
import type { ModelEvaluation } from "../evaluation/evaluate_model.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import { type ClassName, type ImageSet, plural } from "../types.ts";
import { encodeJpeg } from "./photos.ts";
import { renderSvg } from "./render.ts";
import { describeLimits, EVALUATION_HEAD, evaluationRows, summarise } from "./report.ts";
import { escapeHtml, pictureHtml } from "./show.ts";
import { percent } from "./style.ts";

/** The content of the page. */
export interface ReportContent {
  /** Lines about the model and the photos, by name. */
  about: Readonly<Record<string, string>>;
  evaluation: ModelEvaluation;
  charts: readonly TopLevelSpec[];
  images: ImageSet;
  /** One result per evaluated sample. */
  results: readonly ReportResult[];
  /** The metrics per slice. */
  slices: readonly ReportSlice[];
}

/** The prediction of one sample. */
export interface ReportResult {
  /** The sample's index in the images. */
  index: number;
  label: number;
  predicted: number;
  /** The probability of the predicted class, 0..1. */
  probability: number;
}

/** The metrics of one slice. */
export interface ReportSlice extends Pick<Evaluation, "n" | "accuracy" | "interval"> {
  name: string;
  how: string;
}

/** The most photos per cell of the confusion matrix: there may be thousands of right predictions. */
const MOST_PHOTOS = { right: 60, wrong: 400 };
/** The most mistakes at the top of the page. */
const MOST_MISTAKES = 24;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem }
table { border-collapse: collapse } th, td { padding: .35rem .8rem; text-align: left; border-bottom: 1px solid #ddd }
td.count { text-align: right } .matrix td { text-align: center; border: 1px solid #fff }
.matrix a { display: block; padding: .6rem 1.4rem; color: inherit } .share { font-size: .8rem; display: block }
.warning { border-left: 4px solid #D55E00; padding: .3rem .8rem; background: #fff5ee }
.charts, .photos { display: flex; flex-wrap: wrap; gap: .8rem; align-items: flex-start } .charts img { max-width: 100% }
figure { margin: 0; width: 8rem } figure img { display: block; width: 100%; height: auto }
figcaption { font-size: .75rem; line-height: 1.3; padding-top: .2rem; overflow-wrap: anywhere }
.cell { display: none } .cell:target { display: block }
dt { font-weight: 600 } dd { margin: 0 0 .4rem }`;

/**
 * Renders the page: metrics, charts, a confusion matrix with links to its photos, the most confident mistakes, and
 * slices. The HTML is self-contained: it embeds the photos as they were classified.
 *
 * @returns the HTML text
 * @example
 * ```ts
 * import { renderReport } from "./mod.ts";
 * import { evaluateScores } from "../evaluation/metrics.ts";
 *
 * const samples = [{ file: "1.jpg", className: "with_mask" as const }];
 * const images = { size: 1, pixels: Uint8Array.of(255, 0, 0), samples, unreadable: [] };
 * const metrics = evaluateScores([1], [0.9], ["without_mask", "with_mask"]);
 * const evaluation = { ...metrics, calibrationError: 0.1, warnings: [] };
 * const results = [{ index: 0, label: 1, predicted: 1, probability: 0.9 }];
 * const content = { about: {}, evaluation, charts: [], images, results, slices: [] };
 * console.log((await renderReport(content)).length);
 * ```
 */
export async function renderReport(content: ReportContent): Promise<string> {
  const { about, evaluation, charts, images, results, slices } = content;
  const { classes } = evaluation;
  const { name, figures } = summarise(evaluation);
  const mistakes = results.filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability);
  const facts = Object.entries(about)
    .map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`);
  const svgs = await Promise.all(charts.map(async (chart) => {
    const svg = new TextEncoder().encode(await renderSvg(chart));
    return pictureHtml(svg, "image/svg+xml", chart.description ?? "Chart");
  }));
  const cells = await Promise.all(
    classes.flatMap((_, label) =>
      classes.map((_, predicted) => cellSection(content, label, predicted))
    ),
  );
  const worst = await Promise.all(
    mistakes.slice(0, MOST_MISTAKES).map((result) => photoFigure(images, result, classes)),
  );
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Evaluation of ${escapeHtml(about.model ?? "a model")}</title>
<style>${STYLE}</style>
<h1>Evaluation of ${escapeHtml(about.model ?? "a model")}</h1>
<p><b>${escapeHtml(name)} ${figures}</b></p>
${describeLimits(evaluation).map((line) => `<p class="warning">${escapeHtml(line)}</p>`).join("\n")}
<dl>${facts.join("\n")}</dl>
<h2>Each class</h2>
${table(EVALUATION_HEAD, evaluationRows(evaluation))}
<h2 id="matrix">Confusion matrix</h2>
<p>Choose a number to see its photos.</p>
${matrix(evaluation)}
${cells.join("\n")}
<h2>The most confident mistakes</h2>
<p>${plural(mistakes.length, "mistake")}${
    mistakes.length > MOST_MISTAKES ? `; these ${MOST_MISTAKES} are the most confident` : ""
  }. Some are the model's fault, some the label's.</p>
<div class="photos">${worst.join("\n")}</div>
<h2>Charts</h2>
<div class="charts">${svgs.join("\n")}</div>
${slices.length > 0 ? `<h2>Kinds of photos</h2>\n${sliceTable(slices)}` : ""}
</html>
`;
}

function matrix({ classes, confusion, perClass }: Evaluation): string {
  const rows = confusion.map((row, label) => {
    const cells = row.map((count, predicted) => {
      const share = count / Math.max(1, perClass[label]!.support);
      const style = `background:rgb(0 114 178 / ${share.toFixed(3)});color:${
        share > 0.5 ? "#fff" : "#000"
      }`;
      return `<td style="${style}"><a href="#cell-${label}-${predicted}">${
        count.toLocaleString("en")
      }<span class="share">${percent(share)} of row</span></a></td>`;
    });
    return `<tr><th scope="row">${words(classes[label]!)}</th>${cells.join("")}</tr>`;
  });
  const heads = classes.map((name) => `<th scope="col">predicted ${words(name)}</th>`);
  return `<table class="matrix"><tr><th>true label</th>${heads.join("")}</tr>${
    rows.join("")
  }</table>`;
}

/** The photos of one cell of the matrix; hidden until it is chosen. */
async function cellSection(
  { images, results, evaluation: { classes } }: ReportContent,
  label: number,
  predicted: number,
): Promise<string> {
  const all = results.filter((it) => it.label === label && it.predicted === predicted)
    .sort((a, b) => b.probability - a.probability);
  const most = label === predicted ? MOST_PHOTOS.right : MOST_PHOTOS.wrong;
  const shown = spread(all, most);
  const figures = await Promise.all(shown.map((it) => photoFigure(images, it, classes)));
  const count = shown.length < all.length
    ? `${shown.length} of ${plural(all.length, "photo")}`
    : plural(all.length, "photo");
  return `<section class="cell" id="cell-${label}-${predicted}">
<h3>${words(classes[label]!)}, predicted ${words(classes[predicted]!)}: ${count}</h3>
<p><a href="#matrix">Back to the matrix</a></p>
<div class="photos">${figures.join("\n")}</div></section>`;
}

/** So many of them, from the first to the last, at equal distances. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor(i * items.length / most)]!);
}

async function photoFigure(
  images: ImageSet,
  { index, label, predicted, probability }: ReportResult,
  classes: readonly string[],
): Promise<string> {
  const name = images.samples[index]!.file.split(/[/\\]/).slice(-2).join("/");
  const caption = `${words(classes[predicted]!)} ${percent(probability)}`;
  const truth = label === predicted ? "" : `<br>label: ${words(classes[label]!)}`;
  const jpeg = await encodeJpeg(images, index);
  return `<figure>${pictureHtml(jpeg, "image/jpeg", `${caption}: ${name}`, "width:100%")}` +
    `<figcaption>${caption}${truth}<br>${escapeHtml(name)}</figcaption></figure>`;
}

function sliceTable(slices: readonly ReportSlice[]): string {
  const rows = slices.map(({ name, how, n, accuracy, interval: [low, high] }) => [
    name,
    percent(accuracy),
    `${percent(low)} to ${percent(high)}`,
    String(n),
    how,
  ]);
  return table(["kind", "accuracy", "95% interval", "n", "chosen by"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${row(head, "th")}${rows.map((cells) => row(cells, "td")).join("")}</table>`;
}

/** A class for people, as text between tags. */
const words = (className: string) =>
  escapeHtml(CLASS_STYLES[className as ClassName]?.words ?? className);
