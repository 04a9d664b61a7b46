/** Trains models: epochs, progress, best weights, early stopping, checkpoints. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { saveCheckpoint } from "./checkpoint.ts";
import { installKernels } from "../engine/kernels.ts";
import { expectTeacher } from "./teacher.ts";
import { TrainRun } from "./train_run.ts";
import { checkSettings, type TrainOptions, type TrainResult } from "./train_options.ts";
import { describeSettings, expectSameSettings } from "./settings.ts";
import type { ImageSet } from "../types.ts";

/**
 * Trains the model with Adam, which minimises the cross-entropy of its classes. Photos are converted to floats
 * batch by batch. `keep` decides the final weights.
 *
 * The same seeds on the same machine give the same history. A resumed run has the same history and weights as an
 * uninterrupted one, bit for bit. Only the dropout layers of {@linkcode buildCnn} and
 * {@linkcode buildTransferModel} are reproducible.
 *
 * Source of the distillation, in which teacher and student see the same augmented photos for many epochs: Beyer
 * et al., 2022, Knowledge distillation: A good teacher is patient and consistent, https://arxiv.org/abs/2106.05237
 *
 * @param model Takes `[n, size, size, 3]` float32 RGB in 0..1, as {@linkcode buildCnn} builds it; compiled and
 * trained in place.
 * @throws {RangeError} if a part is empty, an option is not a positive number, the teacher has other classes or
 * another input size, or `resumeFrom` is of a run with other settings, model or photos
 * @throws the reason of `signal`
 * @example
 * ```ts
 * import { trainModel } from "./train_model.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { CLASSES } from "../types.ts";
 *
 * // Two black faces with masks, two white ones without.
 * const pixels = new Uint8Array(4 * 32 * 32 * 3).fill(255, 2 * 32 * 32 * 3);
 * const samples = [0, 1, 2, 3].map((i) => ({
 *   file: `${i}.jpg`,
 *   className: i < 2 ? "with_mask" as const : "without_mask" as const,
 * }));
 * const images = { size: 32, pixels, samples, unreadable: [] };
 * const parts = { train: [0, 2], validation: [1, 3] };
 * const model = buildCnn({ size: 32 });
 * const options = { ...parts, classes: CLASSES.binary, epochs: 2 };
 * const { history, bestEpoch } = await trainModel(model, images, options);
 * console.log(history.valLoss, bestEpoch);
 * model.dispose();
 * ```
 */
export async function trainModel(
  model: LayersModel,
  images: ImageSet,
  options: TrainOptions,
): Promise<TrainResult> {
  const { onBatch, onEpoch, signal, stop, checkpoint, checkpointSeconds = 30, resumeFrom } =
    options;
  const settings = checkSettings(options);
  if (settings.teacher) expectTeacher(settings.teacher, images.size, settings.classes);
  installKernels();
  const saved = checkpoint || resumeFrom ? await describeSettings(model, images, settings) : {};
  if (resumeFrom) expectSameSettings(resumeFrom.settings, saved);
  const run = new TrainRun(model, images, settings);
  let savedAt = performance.now(), pausedAt = savedAt;
  const save = async () => {
    if (checkpoint) await saveCheckpoint(checkpoint, { settings: saved, ...await run.save() });
    savedAt = performance.now();
  };
  try {
    if (resumeFrom) await run.restore(resumeFrom);
    for (;;) {
      if (stop?.aborted && run.canStop) run.stop();
      if (run.isOver) break;
      if (!run.hasBatch) {
        const status = await run.endEpoch();
        await save();
        await onEpoch?.(status);
        continue;
      }
      const status = await run.trainBatch();
      await onBatch?.(status);
      if (performance.now() - pausedAt > 50) {
        // tfjs-node computes on this thread: yield to timers, displays and signals.
        await new Promise((resume) => setTimeout(resume));
        pausedAt = performance.now();
      }
      if (signal?.aborted || performance.now() - savedAt > 1000 * checkpointSeconds) await save();
      signal?.throwIfAborted();
    }
    return run.finish();
  } finally {
    run.dispose();
  }
}
