/** `deno task predict`: photos to labels, one line each. */
import { join } from "@std/path";
import { Command } from "commander";
import { setUpEngine } from "./setup.ts";
import { parsePath, printable, ROOT, runCommand } from "./terminal.ts";

interface Options {
  model: string;
  json?: boolean;
}

const command = new Command("deno task predict")
  .description(
    "Classifies photos of one face each. The exit status is 0 only if every file was classified.",
  )
  .argument("<file...>", "photos: JPEG, PNG, WEBP, GIF, TIFF or AVIF")
  .option("--model <folder>", "a saved model", parsePath, join(ROOT, "models/cnn"))
  .option("--json", "a JSON object a line: file, label, probability, or file, error")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" });
const { model, json } = command.opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const classifier = await lib.loadClassifier(model);
  if (!json) console.error(printable(`the model was trained on: ${classifier.info.trainedOn}`));
  for (const file of command.args) {
    try {
      const { label, probability } = await lib.classifyFile(classifier, file);
      console.log(
        json
          ? JSON.stringify({ file, label, probability })
          : printable(`${file}: ${label} (${(100 * probability).toFixed(1)}%)`),
      );
    } catch (error) {
      const reason = (error as Error).message;
      if (json) console.log(JSON.stringify({ file, error: reason }));
      else console.error(printable(`${file}: ${reason}`));
      Deno.exitCode = 1;
    }
  }
});
