/** `deno task train`: one of the recipes, from folders or zips of photos to a saved model. */
import { join, resolve } from "@std/path";
import { Command, Option } from "commander";
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { LabelledPhotos } from "../lib/data/labelled_photos.ts";
import type { PhotoSplit } from "../lib/data/split_photos.ts";
import type { Classifier } from "../lib/model/saved_model.ts";
import type { Recipe, RecipeName } from "../lib/training/recipes.ts";
import type { TrainOptions } from "../lib/training/train_options.ts";
import { FACE_MARGIN, type ImageSet } from "../lib/types.ts";
import { removeIfThere } from "../lib/files.ts";
import {
  addPhotoOptions,
  type Lib,
  type PhotoOptions,
  readLabelledPhotos,
} from "./labelled_photos.ts";
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
        "the model that ships; transfer: a MobileNet that starts from a face detector's weights; shipped: the " +
        "model that ships: the same, from models/face-mask-open on",
    ).choices(["cnn", "cnn-taught", "transfer", "shipped"]).default("cnn"),
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
const onProgress = options.json ? undefined : progressLine();
/** Of a path that `runCommand` takes from where the user stands. */
const findCheckpoint = () => `${resolve(options.model)}.checkpoint`;
const tell = (text: string) => options.json || console.error(text);

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  await lib.checkModelFolder(options.model);
  const resumeFrom = await readCheckpoint(lib);
  const corrections = options.corrections ? await lib.readCorrections(options.corrections) : [];
  const photos = await readLabelledPhotos(lib, options, { margin: FACE_MARGIN });
  const { classes, data, leftOut, unreadable, notes } = photos;
  const split = splitAll(photos);
  const recipe: Recipe = lib.RECIPES[options.recipe];
  const teacher = recipe.isTaught ? await loadTeacher(lib) : undefined;
  const { images, indices, ...corrected } = lib.correctLabels(
    photos.images,
    split.train,
    corrections,
  );
  const { seed } = options;
  const repeated = classes.length > 2 && recipe.repeatsRare
    ? lib.repeatRare(images, indices)
    : undefined;
  const model = recipe.startsFrom
    ? (await lib.loadClassifier(join(ROOT, "models", recipe.startsFrom))).model
    : await recipe.build({ size: images.size, classes: classes.length, seed });
  const { bestEpoch } = await trainUntilStopped(lib, model, images, {
    ...recipe.training,
    ...(options.epochs && { epochs: options.epochs }),
    classes,
    train: repeated?.indices ?? indices,
    validation: split.validation,
    teacher,
    seed,
    resumeFrom,
  });
  if (repeated) lib.undoRepeats(model, classes.map((name) => repeated.times.get(name) ?? 1));
  const { temperature, unsureBelow } = await calibrate(lib, model, photos, split);
  const { evaluation } = await lib.evaluateModel(model, photos.images, split.test, classes, {
    part: "the test part",
    groups: split.groups,
  });
  await save(lib, model, photos, { unsureBelow, teacher });
  console.log(JSON.stringify({
    ...evaluation,
    temperature,
    unsureBelow,
    ...(options.corrections && { corrected }),
    ...(teacher && { teacher: { model: SHIPPED_MODEL, trainedOn: teacher.info.trainedOn } }),
    data,
    leftOut,
    unreadable,
    notes,
    bestEpoch,
    model: options.model,
  }));
});

async function readCheckpoint(lib: Lib) {
  if (!options.resume) return undefined;
  const checkpoint = findCheckpoint();
  const saved = await lib.loadCheckpoint(checkpoint);
  const { epoch, batch } = saved.progress;
  tell(`going on with ${checkpoint}: epoch ${epoch}, after batch ${batch}`);
  return saved;
}

function splitAll(photos: LabelledPhotos): PhotoSplit {
  const split = photos.split({ seed: options.splitSeed, by: options.splitBy });
  if (split.test.length > 0) return split;
  throw new RangeError(
    `the test part of ${photos.data} holds no photo: choose a smaller --min-face`,
  );
}

async function loadTeacher(lib: Lib): Promise<Classifier> {
  const teacher = await lib.loadClassifier(SHIPPED_MODEL);
  tell(
    `the teacher was trained on parts of ${teacher.info.trainedOn} (split seed ${lib.SPLIT_SEED}): ` +
      "results on photos that it knows are too optimistic",
  );
  return teacher;
}

/** Trains; at Ctrl-C writes a checkpoint, says how to go on, and ends the process. */
async function trainUntilStopped(
  lib: Lib,
  model: LayersModel,
  images: ImageSet,
  settings: TrainOptions,
) {
  const checkpoint = findCheckpoint();
  const interruption = new AbortController();
  const leaveSignal = () => Deno.removeSignalListener("SIGINT", interrupt);
  const interrupt = () => {
    interruption.abort();
    // A second Ctrl-C ends it at once; `deno task` may pass the first one on once more.
    setTimeout(leaveSignal, 1000);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    return await lib.trainModel(model, images, {
      ...settings,
      checkpoint,
      signal: interruption.signal,
      onBatch: ({ epoch, epochs, batch, batches, loss }) =>
        onProgress?.({
          stage: `epoch ${epoch} of ${epochs}, batch`,
          detail: `loss ${loss.toFixed(4)}`,
          done: batch,
          total: batches,
        }),
    });
  } catch (error) {
    if (error !== interruption.signal.reason) throw error;
    console.error(`\nstopped; to go on, give the same command with --resume (${checkpoint})`);
    Deno.exit(130);
  } finally {
    leaveSignal();
  }
}

/** Calibrates the model on photos that did not train it, before the test part is touched. */
async function calibrate(
  lib: Lib,
  model: LayersModel,
  { images, classes }: LabelledPhotos,
  { validation }: PhotoSplit,
): Promise<{ temperature: number; unsureBelow: number }> {
  const { labels, scores } = await lib.evaluateModel(model, images, validation, classes);
  const temperature = lib.fitTemperature(labels, scores, classes.length);
  lib.applyTemperature(model, temperature);
  const calibrated = await lib.predictImages(model, images, validation);
  return { temperature, unsureBelow: lib.chooseUnsureBelow(labels, calibrated, classes.length) };
}

async function save(
  lib: Lib,
  model: LayersModel,
  { classes, images, data, hasBoxes }: LabelledPhotos,
  { unsureBelow, teacher }: { unsureBelow: number; teacher?: Classifier },
) {
  const trainedOn = teacher ? `${data}, taught by a model of ${teacher.info.trainedOn}` : data;
  const margin = hasBoxes ? FACE_MARGIN : undefined;
  const info = { classes, size: images.size, trainedOn, margin, unsureBelow };
  await lib.saveClassifier({ model, info }, options.model);
  await removeIfThere(findCheckpoint());
}
