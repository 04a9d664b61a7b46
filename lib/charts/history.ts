/** Charts a training run, and shows it live. */
import type { TopLevelSpec } from "vega-lite";
import type { TrainStatus } from "../training/train_options.ts";
import type { History } from "../types.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { createLiveDisplay, type DisplayOptions, watchProgress } from "./live.ts";
import { showChart } from "./show.ts";
import { type ChartOptions, colours, describe, PART_COLOURS, percent } from "./style.ts";

type Panel = Extract<TopLevelSpec, { hconcat: unknown }>["hconcat"][number];

/** The most epochs that are drawn as points: more would hide the line. */
const MOST_POINTS = 40;

/**
 * Charts loss and accuracy per epoch, for training and validation, and marks the epoch of the lowest validation
 * loss.
 *
 * @throws {RangeError} if the history has no epoch
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { chartHistory, renderSvg } from "./mod.ts";
 *
 * const history = {
 *   loss: [0.6, 0.3],
 *   accuracy: [0.7, 0.9],
 *   valLoss: [0.5, 0.4],
 *   valAccuracy: [0.8, 0.85],
 * };
 * const svg = await renderSvg(chartHistory(history, { data: "300 drawn faces" }));
 * assertStringIncludes(svg, "validation loss is lowest at epoch 2");
 * ```
 */
export function chartHistory(
  history: History,
  { data, epochs = history.loss.length }: ChartOptions & {
    /** Length of the epoch axis. @default history.loss.length */
    epochs?: number;
  },
): TopLevelSpec {
  const { loss, accuracy, valLoss, valAccuracy } = history;
  if (loss.length === 0) throw new RangeError("history must have at least one epoch, got none");
  const values = loss.flatMap((_, i) => [
    { part: "training", epoch: i + 1, loss: loss[i], accuracy: accuracy[i] },
    { part: "validation", epoch: i + 1, loss: valLoss[i], accuracy: valAccuracy[i] },
  ]);
  const best = 1 + valLoss.indexOf(Math.min(...valLoss.filter(Number.isFinite)));
  const panel = (
    y: { field: string; title: string; scale?: { zero: boolean }; axis?: { format: string } },
  ): Panel => ({
    width: 242,
    height: 220,
    encoding: {
      x: {
        field: "epoch",
        type: "quantitative",
        title: "Epoch",
        scale: { domain: [1, epochs] },
        axis: { format: "d", grid: false }, // whole epochs only
      },
    },
    layer: [
      {
        transform: [{ filter: `isFinite(datum.${y.field})` }],
        mark: { type: "line", point: loss.length <= MOST_POINTS && { size: 25 } },
        encoding: {
          y: { type: "quantitative", ...y },
          color: { field: "part", scale: colours(["training", "validation"], PART_COLOURS) },
        },
      },
      { data: { values: best > 0 ? [{ epoch: best }] : [] }, mark: "rule" },
    ],
  });
  return {
    ...describe(
      best > 0
        ? `Training: validation loss is lowest at epoch ${best} (dashed line)`
        : "Training: no validation loss is a number",
      data,
    ),
    data: { values },
    hconcat: [
      panel({ field: "loss", title: "Loss (mean cross-entropy, nats)" }),
      panel({
        field: "accuracy",
        title: "Accuracy (% right)",
        scale: { zero: false },
        axis: { format: ".4~p" },
      }),
    ],
  };
}

/**
 * Creates options of `trainModel` that show the run in a notebook: a progress bar for the batches, and the curves
 * of the epochs. Both callbacks resolve when the notebook has received the update. Interrupting the cell ends the
 * run with its best weights: see {@linkcode listenForInterrupts}.
 *
 * @example
 * ```ts
 * import { watchTraining } from "./mod.ts";
 *
 * const { onBatch } = watchTraining({ data: "300 drawn faces" });
 * const history = { loss: [], accuracy: [], valLoss: [], valAccuracy: [] };
 * await onBatch({ epoch: 1, epochs: 12, batch: 1, batches: 10, loss: 0.7, accuracy: 0.5, history });
 * ```
 */
export function watchTraining(
  { data, ...options }: ChartOptions & DisplayOptions,
): Record<"onBatch" | "onEpoch", (status: TrainStatus) => Promise<void>> & { stop: AbortSignal } {
  const showBar = watchProgress(options);
  const curves = createLiveDisplay(options);
  const describeScores = (loss: number, accuracy: number) =>
    `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}`;
  return {
    stop: listenForInterrupts(),
    onBatch: ({ epoch, epochs, batch, batches, loss, accuracy }) =>
      showBar({
        stage: `Epoch ${epoch} of at most ${epochs}`,
        done: (epoch - 1) * batches + batch,
        total: epochs * batches,
        detail: describeScores(loss, accuracy),
      }),
    onEpoch: async ({ epoch, epochs, history }) => {
      const stage = `Epoch ${epoch} of at most ${epochs} is over, validation`;
      const detail = describeScores(history.valLoss.at(-1)!, history.valAccuracy.at(-1)!);
      await showBar({ stage, done: epoch, total: epochs, detail });
      await curves.update(showChart(chartHistory(history, { data, epochs })));
    },
  };
}
