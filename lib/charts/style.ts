/** Defines the options, colours, headings and theme of all charts. */
import type { Config, TopLevelSpec } from "vega-lite";
import { CLASS_STYLES } from "../class_style.ts";

/** One of the layers of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** Options of every chart. */
export interface ChartOptions {
  /** The data behind the chart, such as `"test part, 517 photos"`: shown as the subtitle. */
  data: string;
}

export const CLASS_COLOURS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CLASS_STYLES).map(([name, { colour }]) => [name, colour]),
);
// Okabe and Ito's colours, like those of the classes: colour-blind readers can distinguish them.
export const PART_COLOURS = { training: "#009E73", validation: "#E69F00", test: "#56B4E9" };
export const GREY = "#666666";

/** The theme of all charts: legible in narrow notebooks, on a white background. */
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

/** Makes a scale with a fixed colour per name. */
export function colours(names: readonly string[], palette: Readonly<Record<string, string>>) {
  return { domain: [...names], range: names.map((name) => palette[name] ?? GREY) };
}

/** Makes the title, the subtitle, and the description for screen readers. */
export function describe(title: string, data: string) {
  return {
    title: { text: title, subtitle: wrapText(data) },
    description: `${title}. Data: ${data}`,
  };
}

/** Wraps text to lines that fit below the title; breaks only words that are too long. */
function wrapText(text: string): string[] {
  return (text.match(/.{1,92}(?=\s|$)|\S{1,92}/g) ?? []).map((line) => line.trim());
}

/** Formats a share in 0..1 as a percentage. */
export const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
