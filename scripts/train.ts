/** `deno task train`: the walkthrough's CNN, from a folder or a zip of photos to a saved model. */
import { join, resolve } from "@std/path";
import { Command } from "commander";
import { FACE_MARGIN } from "../lib/types.ts";
import { removeIfThere } from "../lib/work_folder.ts";
import { addPhotoOptions, loadLabelledPhotos, type PhotoOptions } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, parseWholeNumber, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
  epochs: number;
  seed: number;
  resume?: boolean;
}

const command = new Command("deno task train")
  .description(
    "Trains the walkthrough's CNN, keeps a test part apart, and ends with the result on it as JSON.",
  )
  .option("--model <folder>", "where the trained model goes", parsePath, join(ROOT, "models/cnn"));
const options = addPhotoOptions(command, { taskDefault: "binary" })
  .option("--epochs <n>", "at most this many", parseWholeNumber(1), 24)
  .option(
    "--seed <n>",
    "for the split, the first weights and the order of the photos",
    parseWholeNumber(0),
    42,
  )
  .option("--resume", "go on with a run that was stopped or killed: the same command, and this")
  .option("--json", "nothing but the JSON, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const onProgress = options.json ? undefined : progressLine();
  await lib.checkModelFolder(options.model);
  const checkpoint = `${resolve(options.model)}.checkpoint`;
  const resumeFrom = options.resume ? await lib.loadCheckpoint(checkpoint) : undefined;
  if (resumeFrom && !options.json) {
    const { epoch, batch } = resumeFrom.progress;
    console.error(`going on with ${checkpoint}: epoch ${epoch}, after batch ${batch}`);
  }
  const margin = FACE_MARGIN;
  const { dataset, images, report } = await loadLabelledPhotos(options, { margin });
  const { groups } = lib.groupDuplicates(images, { onProgress });
  const { train, validation, test } = lib.splitDataset(images.samples, {
    seed: options.seed,
    groups,
  });
  const model = lib.buildCnn({ classes: dataset.classes.length, seed: options.seed });
  const interruption = new AbortController();
  const leaveSignal = () => Deno.removeSignalListener("SIGINT", interrupt);
  const interrupt = () => {
    interruption.abort();
    // A second Ctrl-C ends it at once; `deno task` may pass the first one on once more.
    setTimeout(leaveSignal, 1000);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  const { bestEpoch } = await lib.trainModel(model, images, {
    classes: dataset.classes,
    train,
    validation,
    epochs: options.epochs,
    seed: options.seed,
    checkpoint,
    resumeFrom,
    signal: interruption.signal,
    onBatch: ({ epoch, epochs, batch, batches, loss }) =>
      onProgress?.({
        stage: `epoch ${epoch} of ${epochs}, loss ${loss.toFixed(4)}, batch`,
        done: batch,
        total: batches,
      }),
  }).catch((error) => {
    if (error !== interruption.signal.reason) throw error;
    console.error(`\nstopped; to go on, give the same command with --resume (${checkpoint})`);
    Deno.exit(130);
  }).finally(leaveSignal);
  const scores = await lib.predictImages(model, images, test);
  const evaluation = lib.evaluateScores(
    lib.toLabels(images, test, dataset.classes),
    scores,
    dataset.classes,
  );
  await lib.saveClassifier({
    model,
    info: {
      classes: dataset.classes,
      size: images.size,
      trainedOn: report.data,
      ...(dataset.layout === "voc" && { margin }),
    },
  }, options.model);
  await removeIfThere(checkpoint);
  console.log(JSON.stringify({ ...evaluation, ...report, bestEpoch, model: options.model }));
});
