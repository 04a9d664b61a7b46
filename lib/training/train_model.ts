/** Compile and fit: epochs, progress, the best weights kept, early stop, checkpoints. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { saveCheckpoint } from "./checkpoint.ts";
import { installKernels } from "../engine/kernels.ts";
import { expectTeacher } from "./teacher.ts";
import { TrainRun } from "./train_run.ts";
import { checkSettings, type TrainOptions, type TrainResult } from "./train_options.ts";
import { describeSettings, expectSameSettings } from "./settings.ts";
import type { ImageSet } from "../types.ts";

/**
 * Trains the model with Adam on the cross-entropy of its classes. Photos stay bytes; a batch at a time
 * becomes floats. Which weights it has in the end, `keep` says.
 *
 * The same seeds on the same machine give the same history, and a run that goes on from a checkpoint has
 * the history and the weights that it would have had without the stop, bit for bit. Other dropout layers
 * than those of {@linkcode buildCnn} do not repeat themselves.
 *
 * Source of a teacher that is shown what the student is shown, for many epochs: Beyer et al., 2022,
 * Knowledge distillation: A good teacher is patient and consistent, https://arxiv.org/abs/2106.05237
 *
 * @param model As of {@linkcode buildCnn}; it is compiled and trained in place.
 * @throws {RangeError} if a part is empty, an option is not a positive number, the teacher knows other
 * classes or photos of another size, or `resumeFrom` is of a run with other settings, model or photos
 * @throws the reason of `signal`
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
        // tfjs-node computes on this thread: let timers, displays and signals have their turn.
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
