/** Draws grouped bar charts: samples per class, and metrics per class. */
import type { TopLevelSpec } from "vega-lite";
import type { Evaluation } from "../evaluation/metrics.ts";
import { CLASSES, type Sample } from "../types.ts";
import {
  type ChartOptions,
  CLASS_COLOURS,
  colours,
  describe,
  type Layer,
  PART_COLOURS,
} from "./style.ts";

/**
 * Charts the number of samples per class in each part of the split.
 *
 * @param split Indices in `samples`.
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartClassCounts, renderSvg } from "./mod.ts";
 * import type { ClassName } from "../types.ts";
 *
 * const names: ClassName[] = ["with_mask", "without_mask", "with_mask", "with_mask"];
 * const samples = names.map((className) => ({ className }));
 * const split = { train: [0, 1], validation: [2], test: [3] };
 * const svg = await renderSvg(chartClassCounts(samples, split, { data: "four photos" }));
 * assertStringIncludes(svg, "validation");
 * ```
 */
export function chartClassCounts(
  samples: readonly Pick<Sample, "className">[],
  split: Readonly<Record<"train" | "validation" | "test", readonly number[]>>,
  { data }: ChartOptions,
): TopLevelSpec {
  const parts = { training: split.train, validation: split.validation, test: split.test };
  const used = [split.train, split.validation, split.test].flat();
  const present = new Set(used.map((index) => samples[index]!.className));
  const classes = CLASSES["three-class"].filter((className) => present.has(className));
  const values = classes.flatMap((className) =>
    Object.entries(parts).map(([group, indices]) => ({
      x: className,
      group,
      value: indices.filter((index) => samples[index]?.className === className).length,
    }))
  );
  return {
    ...describe("Samples of each class in each part", data),
    ...groupBars(values, colours(Object.keys(parts), PART_COLOURS), {
      x: "Class",
      y: "Samples (count)",
      format: ",",
    }),
  };
}

/**
 * Charts precision, recall and F1 per class.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartScores, renderSvg } from "./mod.ts";
 * import { evaluateScores } from "../evaluation/metrics.ts";
 *
 * const classes = ["without_mask", "with_mask"];
 * const evaluation = evaluateScores([0, 1, 1, 1], [0.2, 0.9, 0.7, 0.4], classes);
 * const svg = await renderSvg(chartScores(evaluation, { data: "four photos" }));
 * assertStringIncludes(svg, "0.667");
 * ```
 */
export function chartScores(evaluation: Evaluation, { data }: ChartOptions): TopLevelSpec {
  const values = evaluation.perClass.flatMap(({ className, precision, recall, f1 }) =>
    Object.entries({ Precision: precision, Recall: recall, F1: f1 })
      .map(([metric, value]) => ({ x: metric, group: className, value }))
  );
  return {
    ...describe("Precision, recall and F1 of each class", data),
    ...groupBars(values, colours(evaluation.classes, CLASS_COLOURS), {
      x: "Metric",
      y: "Score (0 to 1)",
      format: ".3f",
    }),
  };
}

function groupBars(
  values: { x: string; group: string; value: number }[],
  scale: { domain: string[]; range: string[] },
  { x, y, format }: { x: string; y: string; format: string },
) {
  const highest = Math.max(...values.map(({ value }) => value)) || 1;
  const layer: Layer[] = [
    { mark: "bar", encoding: { color: { field: "group", scale } } },
    {
      mark: { type: "text", dy: -8, fontSize: 12 },
      encoding: { text: { field: "value", type: "quantitative", format } },
    },
  ];
  return {
    data: { values },
    width: 560,
    height: 220,
    encoding: {
      x: { field: "x", title: x, sort: null },
      xOffset: { field: "group", sort: null },
      y: {
        field: "value",
        type: "quantitative" as const,
        title: y,
        scale: { domain: [0, 1.1 * highest], nice: false },
      },
    },
    layer,
  };
}
