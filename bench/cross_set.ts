/**
 * `deno task bench cross-set`: trains each recipe on each set, and evaluates it on the test parts of all sets.
 * Prints a Markdown table. Keeps results in a file, so that a stopped run can be continued.
 */
import { Command } from "commander";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { parseWholeNumber, progressLine, runCommand } from "../scripts/terminal.ts";
import { setUpEngine } from "../scripts/setup.ts";
import type { DataSource } from "../lib/data/get_data.ts";
import { writeWhole } from "../lib/files.ts";
import { type Cell, describeCells, type Row } from "./cross_set_table.ts";

/** The training function of each recipe. */
const RECIPE_NAMES = ["cnn", "frozen", "transfer"] as const;
type RecipeName = typeof RECIPE_NAMES[number];

/** The smallest faces in training and in the test, in pixels of the shorter side. */
const LEAST_TRAINED = 12, LEAST_JUDGED = 20;
const ALL = "all";

interface Options {
  data: string[];
  recipes: string;
  epochs?: number;
  seed: number;
  keep: string;
}

const { data, recipes, epochs, seed, keep } = new Command("deno task bench cross-set")
  .description(
    "Trains each recipe on each set and evaluates it on all test parts; prints a Markdown table.",
  )
  .requiredOption(
    "--data <path>",
    "folder or zip of labelled photos; give this option once per set",
    (path: string, paths: string[] = []) => [...paths, path],
  )
  .option("--recipes <names>", `some of ${RECIPE_NAMES.join(",")}`, RECIPE_NAMES.join(","))
  .option("--epochs <n>", "epochs of cnn and transfer (default: the recipe's)", parseWholeNumber(1))
  .option(
    "--seed <n>",
    "seed of the first weights and the order of the photos",
    parseWholeNumber(0),
    1,
  )
  .option(
    "--keep <file>",
    "the file of results; its results are not computed again",
    "data/cross-set.json",
  )
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" })
  .opts<Options>();

await runCommand(async () => {
  const names = recipes.split(",").map((name) => {
    const known = RECIPE_NAMES.find((it) => it === name);
    if (known) return known;
    throw new RangeError(`--recipes must be some of ${RECIPE_NAMES.join(", ")}, got ${name}`);
  });
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const { narrowToBinary } = await import("../lib/model/predict_images.ts");
  const { trainFrozen, trainRecipe } = await import("./cross_set_train.ts");
  const onProgress = progressLine();
  const sources: DataSource[] = [];
  for (const path of data) sources.push(await lib.openData(path, { onProgress }));
  const options = { task: "three-class", minFace: LEAST_TRAINED, onProgress } as const;
  const photos = await lib.loadLabelledPhotos(sources, options);
  const { images } = photos, parts = photos.split();
  const setOf = (index: number) => {
    const { file } = images.samples[index]!;
    return sources.findIndex(({ folder }) => file.startsWith(folder));
  };
  const isJudged = (index: number) => {
    const { box } = images.samples[index]!;
    return !box || Math.min(box.width, box.height) >= LEAST_JUDGED;
  };

  const rows = await readRows(keep);
  for (const name of names) {
    for (const trainedOn of [...sources.keys(), ALL] as const) {
      const label = trainedOn === ALL ? ALL : sources[trainedOn]!.name;
      const settings = { name, label, epochs: epochs ?? "as the recipe", seed };
      const id = JSON.stringify(settings);
      if (rows.some((row) => row.id === id)) continue;
      const inSet = (index: number) => trainedOn === ALL || setOf(index) === trainedOn;
      const given = {
        train: parts.train.filter(inSet),
        validation: parts.validation.filter(inSet),
      };
      const train = name === "frozen" ? trainFrozen : trainRecipe;
      onProgress({ stage: `Training ${name} on ${label}`, done: 0 });
      const model = await train(images, given, { name, epochs, seed, onProgress });
      const cells = [];
      for (const set of sources.keys()) {
        const test = parts.test.filter((index) => setOf(index) === set && isJudged(index));
        cells.push(await judge(model, test));
      }
      model.dispose();
      const own = trainedOn === ALL ? undefined : trainedOn;
      rows.push({ id, recipe: name, trainedOn: label, n: given.train.length, own, cells });
      await writeWhole(keep, (part) => Deno.writeTextFile(part, JSON.stringify(rows, null, 1)));
    }
  }
  const wanted = rows.filter(({ recipe }) => names.includes(recipe as RecipeName));
  console.log(describeCells(wanted, sources.map((source) => source.name)));

  /** Evaluates on two classes, and on three if the model and the test part have them. */
  async function judge(model: LayersModel, test: readonly number[]): Promise<Cell> {
    const { classes } = photos;
    const outputs = model.outputs[0]!.shape.at(-1);
    const scores = await lib.predictImages(model, images, test);
    const labels = lib.toLabels(images, test, classes);
    const rows = [...labels.keys()].filter((row) => labels[row]! < 2);
    const masked = outputs === 1 ? scores : narrowToBinary(scores);
    const { accuracy, interval, n } = lib.evaluateScores(
      rows.map((row) => labels[row]!),
      rows.map((row) => masked[row]!),
      lib.CLASSES.binary,
    );
    const hasThird = labels.includes(2);
    const three = outputs === 3 && hasThird
      ? lib.evaluateScores(labels, scores, classes)
      : undefined;
    return { n, accuracy, interval, n3: three?.n, macroF1: three?.macroF1 };
  }
});

/** Reads the rows of an earlier run. */
async function readRows(file: string): Promise<Row[]> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
