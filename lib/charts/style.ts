/** What all charts share: options, colours, headings, the look. */
import type { Config, TopLevelSpec } from "vega-lite";
import { CLASS_STYLES } from "../class_style.ts";

/** One of the layers of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** Options of every chart. */
export interface ChartOptions {
  /** What the numbers were measured on, such as `"test part, 517 photos"`: becomes the subtitle. */
  data: string;
}

export const CLASS_COLOURS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CLASS_STYLES).map(([name, { colour }]) => [name, colour]),
);
// As those of the classes, Okabe and Ito's: the colour-blind can tell them apart.
export const PART_COLOURS = { training: "#009E73", validation: "#E69F00", test: "#56B4E9" };
export const GREY = "#666666";

/** The look of all charts: legible at the width of a narrow notebook, white on any theme. */
export const THEME: Config = {
  background: "white",
  padding: 10,
  font: "Helvetica, Arial, sans-serif",
  title: {
    anchor: "start",
    frame: "bounds",
    fontSize: 15,
    subtitleFontSize: 12,
    subtitleColor: GREY,
    subtitlePadding: 4,
    offset: 12,
  },
  axis: {
    labelFontSize: 12,
    labelLimit: 200,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    gridColor: "#E5E5E5",
  },
  axisX: { labelAngle: 0 },
  header: { labelFontSize: 12, labelAnchor: "start" },
  legend: { orient: "top", labelFontSize: 12, labelLimit: 250, title: null },
  view: { stroke: null },
  line: { strokeWidth: 2 },
  rule: { color: GREY, strokeDash: [4, 4] },
};

/** A scale that gives each name its own colour, wherever it stands. */
export function colours(names: readonly string[], palette: Readonly<Record<string, string>>) {
  return { domain: [...names], range: names.map((name) => palette[name] ?? GREY) };
}

/** Title, subtitle, and the description that screen readers read out. */
export function describe(title: string, data: string) {
  return {
    title: { text: title, subtitle: wrapText(data) },
    description: `${title}. Data: ${data}`,
  };
}

/** Breaks text into lines that fit below the title, within words only where they are too long. */
function wrapText(text: string): string[] {
  return (text.match(/.{1,92}(?=\s|$)|\S{1,92}/g) ?? []).map((line) => line.trim());
}

/** A share in 0..1 as words. */
export const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
