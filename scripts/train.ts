/** `deno task train`: the walkthrough's CNN, from a folder or a zip of photos to a saved model. */
import { join } from "@std/path";
import { Command } from "commander";
import { FACE_MARGIN } from "../lib/types.ts";
import { addPhotoOptions, loadLabelledPhotos, type PhotoOptions } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parseWholeNumber, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
  epochs: number;
  seed: number;
}

const command = new Command("deno task train")
  .description(
    "Trains the walkthrough's CNN, keeps a test part apart, and ends with the result on it as JSON.",
  )
  .option("--model <folder>", "where the trained model goes", join(ROOT, "models/cnn"));
const options = addPhotoOptions(command, { taskDefault: "binary" })
  .option("--epochs <n>", "at most this many", parseWholeNumber(1), 12)
  .option(
    "--seed <n>",
    "for the split, the first weights and the order of the photos",
    parseWholeNumber(0),
    42,
  )
  .option("--json", "nothing but the JSON, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const onProgress = options.json ? undefined : progressLine();
  const margin = FACE_MARGIN;
  const { dataset, images, report } = await loadLabelledPhotos(options, { margin });
  const { groups } = lib.groupDuplicates(images, { onProgress });
  const { train, validation, test } = lib.splitDataset(images.samples, {
    seed: options.seed,
    groups,
  });
  const model = lib.buildCnn({ classes: dataset.classes.length, seed: options.seed });
  const { bestEpoch } = await lib.trainModel(model, images, {
    classes: dataset.classes,
    train,
    validation,
    epochs: options.epochs,
    seed: options.seed,
    onBatch: ({ epoch, epochs, batch, batches, loss }) =>
      onProgress?.({
        stage: `epoch ${epoch} of ${epochs}, loss ${loss.toFixed(4)}, batch`,
        done: batch,
        total: batches,
      }),
  });
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
  console.log(JSON.stringify({ ...evaluation, ...report, bestEpoch, model: options.model }));
});
