/** `deno task train`: trains a model by a recipe, from labelled photos, and saves it. */
import { join } from "node:path";
import { Command, Option } from "commander";
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { LabelledPhotos } from "../lib/data/labelled_photos.ts";
import type { PhotoSplit } from "../lib/data/split_photos.ts";
import type { ModelEvaluation } from "../lib/evaluation/evaluate_model.ts";
import type { Classifier } from "../lib/model/saved_model.ts";
import type { Recipe, RecipeName } from "../lib/training/recipes.ts";
import type { TrainOptions } from "../lib/training/train_options.ts";
import { FACE_MARGIN, type History, type ImageSet } from "../lib/types.ts";
import { removeIfThere } from "../lib/files.ts";
import {
  addPhotoOptions,
  type Lib,
  type PhotoOptions,
  readLabelledPhotos,
  showWarnings,
} from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import {
  parsePath,
  parseWholeNumber,
  printable,
  progressLine,
  ROOT,
  runCommand,
  SHIPPED_MODEL,
} from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
  recipe: RecipeName;
  from?: string;
  epochs?: number;
  seed: number;
  corrections?: string;
  resume?: boolean;
}

const command = new Command("deno task train")
  .description(
    "Trains a network and evaluates it on a test part that does not train. Beside the model, writes " +
      "history.csv, and logs for TensorBoard.",
  )
  .option(
    "--model <folder>",
    "the folder of the trained model",
    parsePath,
    join(ROOT, "models/cnn"),
  )
  .addOption(
    new Option(
      "--recipe <name>",
      // Written again, and compared by a test: --help must not need the native library.
      "cnn: the walkthrough's CNN, from scratch; cnn-taught: the walkthrough's CNN, distilled from the " +
        "shipped model; transfer: a MobileNet that starts from a face detector's weights; shipped: the " +
        "shipped model: as transfer, starting from models/face-mask-open",
    ).choices(["cnn", "cnn-taught", "transfer", "shipped"]).default("cnn"),
  )
  .addOption(
    new Option(
      "--from <folder>",
      "train a saved model further, such as models/face-mask; this is best for a few photos of your own",
    ).argParser(parsePath),
  );
const options = addPhotoOptions(command, { taskDefault: "the classes of the photos" })
  .option(
    "--epochs <n>",
    "the maximum number of epochs (default: the recipe's)",
    parseWholeNumber(1),
  )
  .option(
    "--seed <n>",
    "seed of the first weights and the order of the photos",
    parseWholeNumber(0),
    42,
  )
  .option(
    "--corrections <file>",
    "correct wrong labels of the training part; the file lists them",
    parsePath,
  )
  .option("--resume", "continue a stopped or killed run: repeat its command with this option")
  .option("--json", "write only the result, as one JSON object")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();
/** The model's folder, resolved. */
let folder = "";
const findCheckpoint = () => join(folder, "training.checkpoint");
const onProgress = options.json ? undefined : progressLine();
const tell = (text: string) => options.json || console.error(printable(text));

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  folder = await lib.checkModelFolder(options.model);
  const resumeFrom = await readCheckpoint(lib);
  const corrections = options.corrections ? await lib.readCorrections(options.corrections) : [];
  const recipe = findRecipe(lib);
  const start = await loadStart(lib, recipe);
  const photos = await readPhotos(lib, start);
  const split = splitAll(lib, photos);
  const { images, indices, ...corrected } = lib.correctLabels(
    photos.images,
    split.train,
    corrections,
  );
  const { classes } = photos, { seed } = options;
  const teacher = recipe.isTaught ? await loadTeacher(lib) : undefined;
  const model = start
    ? lib.startFrom(start, classes, { seed })
    : await lib.RECIPES[options.recipe].build({ size: images.size, classes: classes.length, seed });
  const repeated = classes.length > 2 && recipe.repeatsRare
    ? lib.repeatRare(images, indices)
    : undefined;
  const { history, bestEpoch } = await trainUntilStopped(lib, model, images, {
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
  await save(lib, model, photos, { unsureBelow, teacher, start });
  await lib.saveHistory(history, folder);
  await removeIfThere(findCheckpoint());
  const { data, leftOut, unreadable, notes } = photos;
  if (!options.json) return describe(lib, evaluation, { data, bestEpoch, history });
  console.log(JSON.stringify({
    ...evaluation,
    temperature,
    unsureBelow,
    ...(options.corrections && { corrected }),
    ...(teacher && { teacher: { model: SHIPPED_MODEL, trainedOn: teacher.info.trainedOn } }),
    ...(start && { from: { model: options.from, trainedOn: start.info.trainedOn } }),
    data,
    leftOut,
    unreadable,
    notes,
    bestEpoch,
    history,
    model: options.model,
  }));
});

async function readCheckpoint(lib: Lib) {
  if (!options.resume) return undefined;
  const checkpoint = findCheckpoint();
  const saved = await lib.loadCheckpoint(checkpoint);
  const { epoch, batch } = saved.progress;
  tell(`Continuing ${checkpoint}: epoch ${epoch}, after batch ${batch}`);
  return saved;
}

/** Returns the chosen recipe; with `--from` alone, the recipe for fine-tuning. */
function findRecipe(lib: Lib): Omit<Recipe, "build"> {
  const isDefault = command.getOptionValueSource("recipe") === "default";
  return options.from && isDefault ? lib.FINE_TUNING : lib.RECIPES[options.recipe];
}

async function loadStart(
  lib: Lib,
  { startsFrom }: Pick<Recipe, "startsFrom">,
): Promise<Classifier | undefined> {
  const folder = options.from ?? (startsFrom && join(ROOT, "models", startsFrom));
  if (!folder) return undefined;
  const start = await lib.loadClassifier(folder);
  const { classes, trainedOn } = start.info;
  tell(`the model to start from was trained on: ${trainedOn}`);
  if (options.task !== "three-class" || classes.length === 3) return start;
  throw new RangeError(
    `--task must be binary, as the model in ${folder} knows ${
      classes.join(" and ")
    }, got three-class`,
  );
}

/** Reads the photos, in the size and with the margin of the model to start from, if there is one. */
async function readPhotos(lib: Lib, start?: Classifier): Promise<LabelledPhotos> {
  const isBinary = start?.info.classes.length === 2;
  const task = options.task ?? (isBinary ? "binary" : undefined);
  const { size, margin = FACE_MARGIN } = start?.info ?? {};
  return await readLabelledPhotos(lib, { ...options, task }, { size, margin });
}

/** Splits the photos; refuses parts that lack a class, and warns of parts that are too small. */
function splitAll(lib: Lib, { images: { samples }, classes, data, split }: LabelledPhotos) {
  const parts = split({ seed: options.splitSeed, by: options.splitBy });
  const names = { train: "training", validation: "validation", test: "test" } as const;
  const remedy = "add photos, or choose a smaller --min-face or another --split-seed";
  for (const [part, name] of Object.entries(names) as [keyof typeof names, string][]) {
    const own = parts[part].map((index) => samples[index]!);
    const present = new Set(own.map(({ className }) => className));
    const missing = classes.filter((className) => !present.has(className));
    if (own.length === 0 || (part === "train" && missing.length > 0)) {
      const lacks = own.length === 0 ? "any class" : missing.join(" or ");
      throw new RangeError(`the ${name} part of ${data} has no photo of ${lacks}: ${remedy}`);
    }
    if (part === "train") continue;
    const groups = parts[part].map((index) => parts.groups[index]!);
    showWarnings(lib.warnAboutPart(`the ${name} part`, own, classes, groups), options);
  }
  return parts;
}

async function loadTeacher(lib: Lib): Promise<Classifier> {
  const teacher = await lib.loadClassifier(SHIPPED_MODEL);
  tell(
    `the teacher was trained on parts of ${teacher.info.trainedOn} (split seed ${lib.SPLIT_SEED}): ` +
      "results on its training photos are too optimistic",
  );
  return teacher;
}

/** Trains; at Ctrl-C, writes a checkpoint, explains how to continue, and ends the process. */
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
    // A second Ctrl-C ends it at once. `deno task` can forward the first one a second time.
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
      onEpoch: ({ epoch, epochs, loss, accuracy, history }) => {
        const validated = describeScores(history.valLoss.at(-1)!, history.valAccuracy.at(-1)!);
        tell(
          `epoch ${epoch} of ${epochs}: ${describeScores(loss, accuracy)}; validation ${validated}`,
        );
      },
    });
  } catch (error) {
    if (error !== interruption.signal.reason) throw error;
    console.error(`\nstopped; to continue, repeat the command with --resume (${checkpoint})`);
    Deno.exit(130);
  } finally {
    leaveSignal();
  }
}

/** Calibrates the model on the validation part. */
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
  { unsureBelow, teacher, start }: {
    unsureBelow: number;
    teacher?: Classifier;
    start?: Classifier;
  },
) {
  const trainedOn = teacher
    ? `${data}, taught by a model of ${teacher.info.trainedOn}`
    : start
    ? `${data}, starting from a model of ${start.info.trainedOn}`
    : data;
  const margin = start?.info.margin ?? (hasBoxes ? FACE_MARGIN : undefined);
  const info = { classes, size: images.size, trainedOn, margin, unsureBelow };
  await lib.saveClassifier({ model, info }, options.model);
}

/** Prints the evaluation and the folder of the model. */
function describe(
  lib: Lib,
  evaluation: ModelEvaluation,
  { data, bestEpoch, history }: { data: string; bestEpoch: number; history: History },
) {
  const { model } = options;
  console.log(printable(
    `${lib.describeEvaluation(evaluation, `test part of ${data}`)}

weights   of epoch ${bestEpoch} of ${history.loss.length}
model     ${model}
history   ${join(model, "history.csv")}, and for TensorBoard ${join(model, "logs")}`,
  ));
}

function describeScores(loss: number, accuracy: number): string {
  return `loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(1)}%`;
}
