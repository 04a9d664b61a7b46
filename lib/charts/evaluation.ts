/** Charts an evaluation: confusion matrix, ROC curves, distribution of the probabilities. */
import type { TopLevelSpec } from "vega-lite";
import type { DecisionOptions, Evaluation } from "../evaluation/metrics.ts";
import type { RocCurve } from "../evaluation/roc.ts";
import {
  type ChartOptions,
  CLASS_COLOURS,
  colours,
  describe,
  GREY,
  type Layer,
  percent,
} from "./style.ts";

/**
 * Charts the confusion matrix, with counts and their shares per true label.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartConfusion, renderSvg } from "./mod.ts";
 * import { evaluateScores } from "../evaluation/metrics.ts";
 *
 * const classes = ["without_mask", "with_mask"];
 * const evaluation = evaluateScores([0, 1, 1, 1], [0.2, 0.9, 0.7, 0.4], classes);
 * const svg = await renderSvg(chartConfusion(evaluation, { data: "four photos" }));
 * assertStringIncludes(svg, "66.7% of row");
 * ```
 */
export function chartConfusion(evaluation: Evaluation, { data }: ChartOptions): TopLevelSpec {
  const { accuracy, n, interval: [low, high], confusion, classes, perClass } = evaluation;
  const values = confusion.flatMap((row, label) =>
    row.map((count, predicted) => ({
      truth: classes[label],
      predicted: classes[predicted],
      count,
      share: count / Math.max(1, perClass[label]!.support),
    }))
  );
  const text = (expression: string, fontSize: number, dy: number): Layer => ({
    transform: [{ calculate: expression, as: "text" }],
    mark: { type: "text", fontSize, dy },
    encoding: {
      text: { field: "text" },
      color: { condition: { test: "datum.share > 0.5", value: "white" }, value: "black" },
    },
  });
  const axis = { ticks: false, domain: false };
  const right = `${percent(accuracy)} of ${n.toLocaleString("en")} right`;
  const interval = `95% interval ${percent(low)} to ${percent(high)}`;
  return {
    ...describe(`Confusion matrix: ${right} (${interval})`, data),
    data: { values },
    width: { step: 135 },
    height: { step: 80 },
    encoding: {
      x: { field: "predicted", title: "Predicted label", sort: null, axis },
      y: { field: "truth", title: "True label", sort: null, axis },
    },
    layer: [
      {
        mark: { type: "rect", stroke: "white", strokeWidth: 2 },
        encoding: {
          color: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: ["#EFF3F7", "#0072B2"] },
            legend: null,
          },
        },
      },
      text("format(datum.count, ',')", 18, -8),
      text("format(datum.share, '.1%') + ' of row'", 12, 14),
    ],
  };
}

/**
 * Charts ROC curves with their areas, and the diagonal of random guesses.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartRoc, renderSvg } from "./mod.ts";
 * import { rocCurves } from "../evaluation/roc.ts";
 *
 * const curves = rocCurves([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8], ["without_mask", "with_mask"]);
 * const svg = await renderSvg(chartRoc(curves, { data: "four photos" }));
 * assertStringIncludes(svg, "AUC 0.8750");
 * ```
 */
export function chartRoc(curves: readonly RocCurve[], { data }: ChartOptions): TopLevelSpec {
  const names = curves.map(({ className, auc }) =>
    `${className}: AUC ${auc === null ? "undefined" : auc.toFixed(4)}`
  );
  const range = curves.map(({ className }) => CLASS_COLOURS[className] ?? GREY);
  const axis = { tickCount: 5 };
  return {
    ...describe(
      names.length === 1 ? `ROC curve of ${names[0]}` : "ROC curves, each class against the rest",
      data,
    ),
    data: {
      values: curves.flatMap(({ points }, i) =>
        points.map((point, order) => ({ ...point, order, curve: names[i] }))
      ),
    },
    width: 340,
    height: 340,
    encoding: {
      x: {
        field: "falsePositiveRate",
        type: "quantitative",
        title: "False positive rate (0 to 1)",
        axis,
      },
      y: {
        field: "truePositiveRate",
        type: "quantitative",
        title: "True positive rate (0 to 1)",
        axis,
      },
    },
    layer: [
      {
        data: {
          values: [0, 1].map((rate) => ({ falsePositiveRate: rate, truePositiveRate: rate })),
        },
        mark: { type: "line", strokeDash: [4, 4], color: GREY, strokeWidth: 1 },
      },
      {
        mark: "line",
        encoding: {
          order: { field: "order", type: "quantitative" },
          color: {
            field: "curve",
            scale: { domain: names, range },
            legend: { orient: "bottom-right" },
          },
        },
      },
    ],
  };
}

/**
 * Charts the distribution of the probability of `classes[1]`, by true label. With two classes, a dashed line shows
 * the threshold.
 *
 * @param labels `[n]` indices in `classes`.
 * @param probabilities In 0..1, row by row: `[n]` of `classes[1]`, or `[n, classes.length]`.
 * @throws {RangeError} if the lengths do not match
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartProbabilities, renderSvg } from "./mod.ts";
 *
 * const classes = ["without_mask", "with_mask"];
 * const spec = chartProbabilities([0, 1, 1], [0.2, 0.9, 0.4], classes, { data: "three photos" });
 * assertStringIncludes(await renderSvg(spec), "true label without_mask");
 * ```
 */
export function chartProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: readonly string[],
  { data, threshold = 0.5 }: ChartOptions & DecisionOptions,
): TopLevelSpec {
  const columns = probabilities.length / labels.length;
  if (columns !== 1 && columns !== classes.length) {
    throw new RangeError(
      `probabilities must be 1 or ${classes.length} per label, got ${probabilities.length} for ${labels.length}`,
    );
  }
  const values = Array.from(labels, (label, i) => ({
    truth: `true label ${classes[label]}`,
    probability: probabilities[columns === 1 ? i : i * columns + 1],
  }));
  const cut = classes.length === 2 ? ` (threshold ${threshold} dashed)` : "";
  const truths = classes.map((className) => `true label ${className}`);
  return {
    ...describe(`Probability of ${classes[1]}, by true label${cut}`, data),
    data: { values },
    facet: { field: "truth", sort: truths, title: null },
    columns: 1,
    spec: {
      width: 560,
      height: 100,
      layer: [
        {
          mark: "bar",
          encoding: {
            x: {
              field: "probability",
              bin: { extent: [0, 1], step: 0.05 },
              title: `P(${classes[1]}), 0 to 1`,
            },
            // The few in the middle matter most; on a linear scale they would be invisible.
            y: { aggregate: "count", title: "Samples (√ scale)", scale: { type: "sqrt" } },
            color: {
              field: "truth",
              scale: { domain: truths, range: colours(classes, CLASS_COLOURS).range },
              legend: null,
            },
          },
        },
        {
          data: { values: classes.length === 2 ? [{ threshold }] : [] },
          mark: "rule",
          encoding: { x: { field: "threshold", type: "quantitative" } },
        },
      ],
    },
  };
}
