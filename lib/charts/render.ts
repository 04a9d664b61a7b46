/** A chart to SVG. */
import * as vega from "npm:vega@6.4.0";
import { compile, type TopLevelSpec } from "npm:vega-lite@6.5.0";
import { THEME } from "./style.ts";

// Without a canvas Vega takes every character for 0.8 em wide, which leaves holes in the layout; it
// lets `width` be replaced, though its types lack it.
(vega as unknown as {
  textMetrics: { width: (item: { fontSize: number }, text: string) => number };
}).textMetrics.width = (item, text) => 0.55 * String(text).length * item.fontSize;

/**
 * Draws a chart as SVG, without a DOM.
 *
 * @throws {Error} If Vega-Lite cannot make sense of the specification.
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderSvg } from "./mod.ts";
 *
 * const svg = await renderSvg({ mark: "bar", data: { values: [{}] }, title: "One bar" });
 * assertStringIncludes(svg, "One bar");
 * ```
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const view = new vega.View(vega.parse(compile(spec, { config: THEME }).spec));
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
