/** Charts the reliability of probabilities, and the errors at each threshold. */
import type { TopLevelSpec } from "vega-lite";
import type { Calibration } from "../evaluation/calibration.ts";
import type { ThresholdPoint } from "../evaluation/thresholds.ts";
import { type ChartOptions, describe, GREY, PART_COLOURS, percent } from "./style.ts";

/**
 * Charts the accuracy of predictions against their confidence; on the diagonal both are equal.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { measureCalibration } from "../evaluation/calibration.ts";
 * import { chartReliability, renderSvg } from "./mod.ts";
 *
 * const calibration = measureCalibration([1, 1, 0], [0.9, 0.8, 0.3], 2);
 * const svg = await renderSvg(chartReliability(calibration, { data: "three photos" }));
 * assertStringIncludes(svg, "expected calibration error");
 * ```
 */
export function chartReliability(
  { error, bins }: Calibration,
  { data }: ChartOptions,
): TopLevelSpec {
  const share = { type: "quantitative" as const, scale: { domain: [0, 1] } };
  return {
    ...describe(`Reliability: expected calibration error ${error.toFixed(4)}`, data),
    data: { values: bins },
    width: 340,
    height: 340,
    encoding: {
      x: { ...share, field: "confidence", title: "Confidence, 0 to 1" },
      y: { ...share, field: "accuracy", title: "Accuracy, 0 to 1" },
    },
    layer: [
      {
        data: { values: [0, 1].map((share) => ({ confidence: share, accuracy: share })) },
        mark: { type: "line", strokeDash: [4, 4], color: GREY, strokeWidth: 1 },
      },
      {
        mark: { type: "point", filled: true, opacity: 0.8, color: PART_COLOURS.test },
        encoding: {
          size: {
            field: "n",
            type: "quantitative",
            scale: { range: [40, 600] },
            legend: { title: "Predictions", orient: "bottom-right", tickCount: 3 },
          },
        },
      },
    ],
  };
}

/**
 * Charts the shares of missed masks and of bare faces classified as masked, at each threshold.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartThresholds, renderSvg } from "./mod.ts";
 * import { sweepThresholds } from "../evaluation/thresholds.ts";
 *
 * const points = sweepThresholds([0, 1, 1], [0.2, 0.9, 0.4], 2);
 * const svg = await renderSvg(chartThresholds(points, { data: "three photos" }));
 * assertStringIncludes(svg, "masks missed");
 * ```
 */
export function chartThresholds(
  points: readonly ThresholdPoint[],
  { data }: ChartOptions,
): TopLevelSpec {
  const half = points.reduce((best, point) =>
    Math.abs(point.threshold - 0.5) < Math.abs(best.threshold - 0.5) ? point : best
  );
  const [missed, alarms] = ["masks missed", "bare faces taken for masked"];
  return {
    ...describe(
      `Errors by threshold: at ${half.threshold.toFixed(2)}, ${percent(half.missed)} ${missed}, ` +
        `${percent(half.falseAlarms)} ${alarms}`,
      data,
    ),
    data: {
      values: points.flatMap(({ threshold, ...shares }) => [
        { threshold, share: shares.missed, what: missed },
        { threshold, share: shares.falseAlarms, what: alarms },
      ]),
    },
    width: 560,
    height: 240,
    mark: "line",
    encoding: {
      x: { field: "threshold", type: "quantitative", title: "Threshold of P(with_mask), 0 to 1" },
      y: {
        field: "share",
        type: "quantitative",
        title: "Share of the class (√ scale)",
        scale: { type: "sqrt", domain: [0, 1] },
      },
      color: {
        field: "what",
        scale: { domain: [missed, alarms], range: ["#0072B2", "#D55E00"] },
      },
    },
  };
}
