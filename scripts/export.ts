/** `deno task export`: writes a saved model for other engines, and compares predictions on 100 faces. */
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import type { Classifier, ModelInfo } from "../lib/model/saved_model.ts";
import { writeSampleFaces } from "../lib/data/sample_faces.ts";
import type { ImageSet, OnProgress } from "../lib/types.ts";
import { writeWholeFolder } from "../lib/files.ts";
import type { Lib } from "./labelled_photos.ts";
import { setUpConverter, setUpEngine } from "./setup.ts";
import { lastLines, progressLine, ROOT, run, runCommand, SHIPPED_MODEL } from "./terminal.ts";

interface Options {
  model: string;
  output: string;
  format: "onnx" | "tflite" | "tfjs";
  data?: string;
  json?: boolean;
}

/** The number of photos on which predictions are compared. */
const PHOTOS = 100;
/** The largest difference of probabilities that is accepted. */
const TOLERANCE = 1e-3;

const options = new Command("deno task export")
  .description(
    `Writes a saved model and its metadata for other engines. ONNX and TFLite models are checked on ` +
      `${PHOTOS} faces: probabilities must agree within ${TOLERANCE}. The first export installs the ` +
      "converter in .venv-export (1.7 GB; Python 3.11 to 3.13).",
  )
  .requiredOption("--output <folder>", "the folder to write; it must not exist yet")
  .option("--model <folder>", "a saved model", SHIPPED_MODEL)
  .addOption(
    new Option("--format <format>", "tfjs: TensorFlow.js, a copy of the saved model")
      .choices(["onnx", "tflite", "tfjs"]).default("onnx"),
  )
  .option("--data <folder>", "photos for the check (default: drawn faces)")
  .option("--json", "write one JSON object, without progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();
const { model, format, data, json } = options;
const show = json ? undefined : progressLine();

/** The comparison with the other engine. */
interface Check {
  bytes: number;
  photos: number;
  data: string;
  maxDifference: number;
}

/** The inputs that all steps of a conversion share. */
interface Job {
  lib: Lib;
  classifier: Classifier;
  /** A folder for temporary files. */
  work: string;
  /** The folder that becomes the output. */
  made: string;
  signal: AbortSignal;
  onProgress: OnProgress;
}

await runCommand(async () => {
  const target = resolve(options.output);
  await checkPaths(target);
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const classifier = await lib.loadClassifier(model);
  const python = format === "tfjs" ? undefined : await setUpConverter();
  const check = await untilInterrupted((signal) =>
    exportModel(lib, classifier, { target, python, signal })
  );
  if (json) console.log(JSON.stringify({ format, output: target, ...check }));
  else {
    console.log(target);
    if (check) {
      console.log(
        `largest difference of probabilities on ${check.photos} photos (${check.data}): ` +
          check.maxDifference.toExponential(1),
      );
    }
  }
});

/** Refuses wrong paths, before anything is set up. */
async function checkPaths(target: string) {
  if (await Deno.lstat(target).catch(() => undefined)) {
    throw new Deno.errors.AlreadyExists(`${target} is there already: choose another --output`);
  }
  if (data === undefined) return;
  await Deno.stat(data).catch((cause) => {
    throw new Deno.errors.NotFound(`there is no ${data} to take photos from`, { cause });
  });
}

/** Aborts the work at Ctrl-C, and ends the process. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    return await work(interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error("\nstopped: nothing was written");
    Deno.exit(130);
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

/** Writes the output under a temporary name, then renames it. */
async function exportModel(
  lib: Lib,
  classifier: Classifier,
  { target, python, signal }: { target: string; python?: string; signal: AbortSignal },
): Promise<Check | undefined> {
  const onProgress: OnProgress = (progress) => {
    signal.throwIfAborted();
    show?.(progress);
  };
  return await writeWholeFolder(target, async (made) => {
    const job = { lib, classifier, work: dirname(made), made, signal, onProgress };
    const check = python ? await convert(python, job) : await copy(made);
    signal.throwIfAborted();
    return check;
  });
}

/** Copies the model's files, such as layers, weights and card. */
async function copy(made: string): Promise<undefined> {
  for await (const { name, isFile } of Deno.readDir(model)) {
    if (isFile) await Deno.copyFile(join(model, name), join(made, name));
  }
}

/** Converts the model, and compares predictions of both engines on photos. */
async function convert(python: string, job: Job): Promise<Check> {
  const { lib, classifier, made, onProgress } = job;
  const images = await readPhotos(job);
  const ours = await lib.predictImages(classifier.model, images, undefined, { onProgress });
  const file = join(made, `model.${format}`);
  const theirs = await runConverter(python, file, images, job);
  const maxDifference = ours.reduce(
    (most, probability, i) => Math.max(most, Math.abs(probability - theirs[i]!)),
    0,
  );
  if (!(maxDifference <= TOLERANCE)) { // true for NaN too
    throw new RangeError(
      `the exported model's probabilities must agree within ${TOLERANCE}, got a difference of ` +
        `${maxDifference}: nothing was written`,
    );
  }
  const { size: bytes } = await Deno.stat(file);
  return { bytes, photos: images.samples.length, data: data ?? "drawn faces", maxDifference };
}

/** Writes the model to `file`; returns its probabilities, one row per photo. */
async function runConverter(
  python: string,
  file: string,
  images: ImageSet,
  { classifier, work, made, signal, onProgress }: Job,
): Promise<Float32Array> {
  const [pixels, scores] = [join(work, "pixels.bin"), join(work, "scores.bin")];
  const metadata = join(made, "metadata.json");
  await Deno.writeTextFile(metadata, JSON.stringify(describe(classifier.info), null, 2) + "\n");
  await Deno.writeFile(pixels, images.pixels);
  onProgress({ stage: `Converting to ${format} and checking the result`, done: 0 });
  const script = join(ROOT, "scripts/export_model.py");
  const args = [script, resolve(model), file, metadata, pixels, scores];
  const converted = await run(python, args, { signal });
  if (converted.success) return new Float32Array((await Deno.readFile(scores)).buffer);
  throw new Error(`${model} could not be converted:\n${lastLines(converted.stderr)}`);
}

/** Reads the photos for the check: those of `--data`, or drawn faces. */
async function readPhotos({ lib, classifier, work, onProgress }: Job): Promise<ImageSet> {
  const folder = data ?? join(work, "faces");
  if (!data) await writeSampleFaces(folder, { count: PHOTOS, seed: 1, onProgress });
  const samples = [];
  for await (const { file, reason } of lib.listFiles([folder])) {
    if (reason !== undefined) continue;
    samples.push({ file, className: classifier.info.classes[0]! });
    if (samples.length === PHOTOS) break;
  }
  const images = await lib.loadImages(samples, { size: classifier.info.size, onProgress });
  if (images.samples.length > 0) return images;
  throw new Deno.errors.InvalidData(
    `${folder} must have a readable photo for the check, got none` +
      (images.unreadable[0] ? `: ${images.unreadable[0].reason}` : ""),
  );
}

/** Describes the model for other programs. */
function describe(info: ModelInfo) {
  const { classes, size } = info;
  return {
    ...info,
    input: `float32 [n, ${size}, ${size}, 3]`,
    output: classes.length === 2
      ? `float32 [n, 1]: the probability of ${classes[1]}`
      : `float32 [n, ${classes.length}]: the probability of each class`,
  };
}
