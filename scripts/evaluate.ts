/** `deno task evaluate`: what a saved model is worth on labelled photos, all of them. */
import { join } from "@std/path";
import { Command } from "commander";
import { setUpEngine } from "./setup.ts";
import { progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options {
  data?: string;
  model: string;
  json?: boolean;
}

const options = new Command("deno task evaluate")
  .description(
    "Evaluates a saved model on every readable photo under the class folders; nothing is split off.",
  )
  .option("--model <folder>", "a saved model", join(ROOT, "models/cnn"))
  .option("--data <path>", "folder or zip of labelled photos (default: as the notebook finds them)")
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const { model, info } = await lib.loadClassifier(options.model);
  const onProgress = options.json ? undefined : progressLine();
  const data = options.data
    ? await lib.openData(options.data, { onProgress })
    : await lib.getData({ onProgress });
  const dataset = await lib.scanDataset(data.folder);
  const images = await lib.loadImages(dataset.samples, { size: info.size, onProgress });
  const unreadable = [...dataset.unreadable, ...images.unreadable];
  if (!options.json) console.error(lib.describeUnreadable(unreadable));
  const labels = lib.toLabels(images, [...images.samples.keys()], info.classes);
  const scores = await lib.predictImages(model, images, undefined, { onProgress });
  const evaluation = lib.evaluateScores(labels, scores, info.classes);
  if (options.json) {
    console.log(JSON.stringify({ ...evaluation, data: data.name, unreadable }));
  } else console.log(lib.describeEvaluation(evaluation, data.name));
});
