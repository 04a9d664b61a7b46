/** `deno task predict`: classifies faces in photos; writes text, JSON Lines, CSV or annotated pictures. */
import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import type { FileResult } from "../lib/inference/predict_files.ts";
import { fixedPart, runLimited } from "./limited.ts";
import { setUpEngine } from "./setup.ts";
import type { Lib } from "./labelled_photos.ts";
import {
  parseNumber,
  parsePath,
  printable,
  progressLine,
  runCommand,
  SHIPPED_MODEL,
} from "./terminal.ts";

interface Options {
  model: string;
  crop?: boolean;
  unsure?: number;
  minScore?: number;
  facesFrom?: number;
  format: "text" | "json" | "csv";
  json?: boolean;
  output?: string;
  resume?: boolean;
  annotate?: string;
}

const command = new Command("deno task predict")
  .description(
    "Finds the faces of photos and tells who wears a mask. " +
      "The exit status is 0 only if every file could be read.",
  )
  .argument(
    "<path...>",
    "photos (JPEG, PNG, WEBP, GIF, TIFF or AVIF), folders of them, and patterns such as 'photos/**/*.jpg'",
  )
  .option("--model <folder>", "a saved model", parsePath, SHIPPED_MODEL)
  .option(
    "--crop",
    "the photos are crops: one face fills each photo, and the detector does not run",
  )
  .option(
    "--unsure <probability>",
    "mark a face as unsure if the probability of its label is lower (default: the model's threshold)",
    parseNumber(0, 1),
  )
  .option(
    "--min-score <score>",
    "the lowest confidence of a face (default: 0.35)",
    parseNumber(0, 1),
  )
  .option(
    "--faces-from <pixels>",
    "the smallest face to find, in pixels of its shorter side; small values take longer " +
      "(default: 1/64 of the photo's longer side)",
    parseNumber(2, 1e6),
  )
  .addOption(
    new Option(
      "--format <format>",
      "text: one line per file; json: one object per line; csv: one row per face",
    )
      .choices(["text", "json", "csv"]).default("text"),
  )
  .option("--json", "the same as --format json")
  .option("--output <file>", "write the results to this file, as json or csv")
  .option(
    "--resume",
    "continue the output file, which must be json: skip photos with results, repeat those with errors",
  )
  .option(
    "--annotate <folder>",
    "write a copy of each photo, with boxes and labels, to this folder",
  )
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" });
const options = command.opts<Options>();

/** Refuses options that contradict each other. */
function checkOptions(
  { crop, minScore, facesFrom, output, resume }: Options,
  format: string,
): void {
  if (resume && !output) throw new TypeError("--resume needs --output, the file to go on with");
  if (output && format === "text") {
    throw new TypeError("--output must be with --format json or csv, got text");
  }
  if (resume && format !== "json") {
    throw new TypeError(
      `--resume must be with --format json, got ${format}: JSON Lines show whether a result is whole`,
    );
  }
  if (crop && (facesFrom !== undefined || minScore !== undefined)) {
    throw new TypeError("--faces-from and --min-score are about finding faces: leave out --crop");
  }
}

/** Makes a test for annotated pictures, which must not be classified or overwrite a photo. */
function makeIsDrawn(annotate: string | undefined, paths: readonly string[]) {
  const isDrawn = (path: string) =>
    annotate !== undefined && `${resolve(path)}/`.startsWith(`${resolve(annotate)}/`);
  const photo = paths.find(isDrawn);
  if (photo !== undefined) {
    throw new TypeError(
      `--annotate ${annotate} holds ${photo}: the pictures need a folder without photos to classify`,
    );
  }
  return isDrawn;
}

await runCommand(async () => {
  const { model, crop = false, minScore, facesFrom, output, resume, annotate } = options;
  const format = options.json ? "json" : options.format;
  checkOptions(options, format);
  const isDrawn = makeIsDrawn(annotate, command.args);
  await setUpEngine();
  const read = [model, ...command.args.map(fixedPart)];
  const write = annotate === undefined ? [] : [annotate];
  const writeFiles = output === undefined ? [] : [output];
  if (await runLimited({ read, write, writeFiles })) return;
  const lib = await import("../lib/mod.ts");
  const classifier = await lib.loadClassifier(model);
  const unsureBelow = options.unsure ?? classifier.info.unsureBelow ?? 0;
  if (output) await Deno.mkdir(dirname(output), { recursive: true });
  const results = output && format !== "text"
    ? await lib.openResultFile(output, { format, resume, faces: !crop })
    : undefined;
  if (format === "text") {
    console.error(printable(`the model was trained on: ${classifier.info.trainedOn}`));
  }

  async function* listNew() {
    for await (const listed of lib.listFiles(command.args)) {
      if (!results?.has(listed.file) && !isDrawn(listed.file)) yield listed;
    }
  }
  const predictions = crop
    ? lib.classifyCrops(classifier, listNew())
    : lib.detectFiles(await lib.loadDetector(), classifier, listNew(), { minScore, facesFrom });

  const onProgress = output || annotate ? progressLine() : undefined;
  if (!results) writeOut(lib.formatHead(format));
  let done = results?.earlier ?? 0;
  for await (const prediction of predictions) {
    const marked = lib.markUnsure(prediction, unsureBelow);
    const result = annotate ? await annotateResult(lib, marked, annotate) : marked;
    if ("error" in result) Deno.exitCode = 1;
    if (results) await results.write(result);
    else show(lib.formatResult(result, format).trimEnd(), format, "error" in result);
    onProgress?.({ stage: "Classifying photos", done: ++done });
  }
  results?.close();
});

/** Draws the labels on a photo; if this fails, returns the error as the result. */
async function annotateResult(lib: Lib, result: FileResult, folder: string): Promise<FileResult> {
  if ("error" in result) return result;
  const { file } = result;
  try {
    await lib.annotateFile(file, "faces" in result ? result.faces : [result], folder);
    return result;
  } catch (error) {
    return { file, error: `no annotated picture: ${(error as Error).message}` };
  }
}

function show(lines: string, format: Options["format"], isError: boolean): void {
  if (format !== "text") console.log(lines);
  else if (isError) console.error(printable(lines));
  else console.log(printable(lines));
}

function writeOut(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
