/** `deno task evaluate`: what a saved model is worth on labelled photos. */
import { Command, Option } from "commander";
import { CLASSES } from "../lib/types.ts";
import { addPhotoOptions, type PhotoOptions, readLabelledPhotos } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { progressLine, runCommand, SHIPPED_MODEL } from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
  part: "all" | "train" | "validation" | "test";
}

const command = new Command("deno task evaluate")
  .description("Evaluates a saved model on every readable photo or face, or on one part of them.")
  .option("--model <folder>", "a saved model", SHIPPED_MODEL);
const options = addPhotoOptions(command, { taskDefault: "the model's" })
  .addOption(
    new Option("--part <name>", "only this part, as `train` splits the same photos")
      .choices(["all", "train", "validation", "test"]).default("all"),
  )
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const { model, info } = await lib.loadClassifier(options.model);
  const own = info.classes.length === 2 ? "binary" : "three-class";
  const { task = own, part } = options;
  if (task === "three-class" && own === "binary") {
    throw new RangeError(
      `the model in ${options.model} knows ${
        info.classes.join(" and ")
      }: it cannot be judged by --task ${task}`,
    );
  }
  const photos = await readLabelledPhotos({ ...options, task }, info);
  const places = part === "all" ? photos.places : photos.split(options.splitSeed)[part];
  const onProgress = options.json ? undefined : progressLine();
  const raw = await lib.predictImages(model, photos.images, places, { onProgress });
  const scores = task === own ? raw : lib.narrowToBinary(raw);
  const labels = lib.toLabels(photos.images, places, CLASSES[task]);
  const evaluation = lib.evaluateScores(labels, scores, CLASSES[task]);
  const { error: calibrationError } = lib.measureCalibration(labels, scores, CLASSES[task].length);
  const data = part === "all" ? photos.data : `${part} part of ${photos.data}`;
  const { leftOut, unreadable } = photos;
  if (!options.json) return console.log(lib.describeEvaluation(evaluation, data));
  console.log(JSON.stringify({ ...evaluation, calibrationError, data, leftOut, unreadable }));
});
