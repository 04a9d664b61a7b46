/** Renders charts as SVG. */
import * as vega from "npm:vega@6.4.0";
import { compile, type TopLevelSpec } from "npm:vega-lite@6.5.0";
import { THEME } from "./style.ts";

// Without a canvas, Vega assumes 0.8 em per character, which leaves gaps in the layout. `width` can be replaced,
// although the types lack it.
(vega as unknown as {
  textMetrics: { width: (item: { fontSize: number }, text: string) => number };
}).textMetrics.width = (item, text) => 0.55 * String(text).length * item.fontSize;

/**
 * Renders a chart as SVG, without a DOM.
 *
 * @throws {Error} if Vega-Lite cannot compile the specification
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
