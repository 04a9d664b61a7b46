/** `deno task evaluate`: what a saved model is worth on labelled photos, all of them. */
import { join } from "@std/path";
import { Command } from "commander";
import { addPhotoOptions, loadLabelledPhotos, type PhotoOptions } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, printable, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options extends PhotoOptions {
  model: string;
}

const command = new Command("deno task evaluate")
  .description("Evaluates a saved model on every readable photo or face; nothing is split off.")
  .option("--model <folder>", "a saved model", parsePath, join(ROOT, "models/cnn"));
const options = addPhotoOptions(command, { taskDefault: "the model's" })
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const { model, info } = await lib.loadClassifier(options.model);
  const task = info.classes.length === 2 ? "binary" : "three-class";
  if (options.task && options.task !== task) {
    throw new RangeError(
      `the model in ${options.model} is for --task ${task} (${info.classes.join(", ")}), ` +
        `not for ${options.task}`,
    );
  }
  const { images, report } = await loadLabelledPhotos({ ...options, task }, info);
  const labels = lib.toLabels(images, [...images.samples.keys()], info.classes);
  const onProgress = options.json ? undefined : progressLine();
  const scores = await lib.predictImages(model, images, undefined, { onProgress });
  const evaluation = lib.evaluateScores(labels, scores, info.classes);
  if (options.json) console.log(JSON.stringify({ ...evaluation, ...report }));
  else console.log(printable(lib.describeEvaluation(evaluation, report.data)));
});
