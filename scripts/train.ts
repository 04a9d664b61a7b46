/** `deno task train`: one of the recipes, from folders or zips of photos to a saved model. */
import { join, resolve } from "@std/path";
import { Command, Option } from "commander";
import type { Recipe, RecipeName } from "../lib/training/recipes.ts";
import { FACE_MARGIN } from "../lib/types.ts";
import { removeIfThere } from "../lib/files.ts";
import { addPhotoOptions, type PhotoOptions, readLabelledPhotos } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import {
  parsePath,
  parseWholeNumber,
  progressLine,
  ROOT,
  runCommand,
  SHIPPED_MODEL,
} from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
  recipe: RecipeName;
  epochs?: number;
  seed: number;
  corrections?: string;
  resume?: boolean;
}

const command = new Command("deno task train")
  .description(
    "Trains a network, keeps a test part apart, and ends with the result on it as JSON.",
  )
  .option("--model <folder>", "where the trained model goes", parsePath, join(ROOT, "models/cnn"))
  .addOption(
    new Option(
      "--recipe <name>",
      // Written again, and compared by a test: --help must not need the native library.
      "cnn: the walkthrough's CNN, from scratch; cnn-taught: the walkthrough's CNN, taught at length by " +
        "the model that ships; transfer: a MobileNet that starts from a face detector's weights",
    ).choices(["cnn", "cnn-taught", "transfer"]).default("cnn"),
  );
const options = addPhotoOptions(command, { taskDefault: "binary" })
  .option("--epochs <n>", "at most this many (default: the recipe's)", parseWholeNumber(1))
  .option(
    "--seed <n>",
    "for the first weights and the order of the photos",
    parseWholeNumber(0),
    42,
  )
  .option(
    "--corrections <file>",
    "a list of wrong labels: those of the training part are corrected",
    parsePath,
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
  const corrections = options.corrections ? await lib.readCorrections(options.corrections) : [];
  const margin = FACE_MARGIN;
  const photos = await readLabelledPhotos(options, { margin });
  const { classes, data, leftOut, unreadable, notes } = photos;
  const { train, validation, test } = photos.split(options.splitSeed);
  if (test.length === 0) {
    throw new RangeError(`the test part of ${data} holds no photo: choose a smaller --min-face`);
  }
  const { build, training, isTaught, repeatsRare }: Recipe = lib.RECIPES[options.recipe];
  const teacher = isTaught ? await lib.loadClassifier(SHIPPED_MODEL) : undefined;
  if (teacher && !options.json) {
    console.error(
      `the teacher was trained on parts of ${teacher.info.trainedOn} (split seed ${lib.SPLIT_SEED}): of photos that ` +
        "it knows, the result says too much",
    );
  }
  const { seed } = options;
  const corrected = lib.correctLabels(photos.images, train, corrections);
  const { images, indices } = corrected;
  const model = await build({ size: images.size, classes: classes.length, seed });
  const interruption = new AbortController();
  const leaveSignal = () => Deno.removeSignalListener("SIGINT", interrupt);
  const interrupt = () => {
    interruption.abort();
    // A second Ctrl-C ends it at once; `deno task` may pass the first one on once more.
    setTimeout(leaveSignal, 1000);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  const { bestEpoch } = await lib.trainModel(model, images, {
    ...training,
    ...(options.epochs && { epochs: options.epochs }),
    classes,
    train: classes.length > 2 && repeatsRare ? lib.repeatRare(images, indices) : indices,
    validation,
    teacher,
    seed,
    checkpoint,
    resumeFrom,
    signal: interruption.signal,
    onBatch: ({ epoch, epochs, batch, batches, loss }) =>
      onProgress?.({
        stage: `epoch ${epoch} of ${epochs}, batch`,
        detail: `loss ${loss.toFixed(4)}`,
        done: batch,
        total: batches,
      }),
  }).catch((error) => {
    if (error !== interruption.signal.reason) throw error;
    console.error(`\nstopped; to go on, give the same command with --resume (${checkpoint})`);
    Deno.exit(130);
  }).finally(leaveSignal);
  // What the probabilities mean is set right on photos that did not train, before the test is touched.
  const temperature = lib.fitTemperature(
    lib.toLabels(images, validation, classes),
    await lib.predictImages(model, images, validation),
    classes.length,
  );
  lib.applyTemperature(model, temperature);
  const unsureBelow = lib.chooseUnsureBelow(
    lib.toLabels(images, validation, classes),
    await lib.predictImages(model, images, validation),
    classes.length,
  );
  const labels = lib.toLabels(images, test, classes);
  const scores = await lib.predictImages(model, images, test);
  const evaluation = lib.evaluateScores(labels, scores, classes);
  const { error: calibrationError } = lib.measureCalibration(labels, scores, classes.length);
  await lib.saveClassifier({
    model,
    info: {
      classes,
      size: images.size,
      trainedOn: teacher ? `${data}, taught by a model of ${teacher.info.trainedOn}` : data,
      ...(photos.hasBoxes && { margin }),
      unsureBelow,
    },
  }, options.model);
  await removeIfThere(checkpoint);
  console.log(JSON.stringify({
    ...evaluation,
    calibrationError,
    temperature,
    unsureBelow,
    ...(options.corrections &&
      { corrected: { relabelled: corrected.relabelled, leftOut: corrected.leftOut } }),
    ...(teacher && { teacher: { model: SHIPPED_MODEL, trainedOn: teacher.info.trainedOn } }),
    data,
    leftOut,
    unreadable,
    notes,
    bestEpoch,
    model: options.model,
  }));
});
