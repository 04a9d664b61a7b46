/** `deno task export`: a saved model for other engines, run there on 100 faces to see that it says the same. */
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

/** On how many photos the exported model must say the same. */
const PHOTOS = 100;
/** How far its probabilities may be from ours. */
const TOLERANCE = 1e-3;

const options = new Command("deno task export")
  .description(
    `Writes a saved model for other engines, with what one must know to use it. ONNX and TFLite are run ` +
      `on ${PHOTOS} faces: none may get a probability that is more than ${TOLERANCE} from ours. The first ` +
      "time, they install the converter in .venv-export (1.7 GB; Python 3.11 to 3.13).",
  )
  .requiredOption("--output <folder>", "where it goes; must not be there yet")
  .option("--model <folder>", "a saved model", SHIPPED_MODEL)
  .addOption(
    new Option("--format <format>", "tfjs: TensorFlow.js, a copy of the saved model")
      .choices(["onnx", "tflite", "tfjs"]).default("onnx"),
  )
  .option("--data <folder>", "photos to run it on (default: drawn faces)")
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();
const { model, format, data, json } = options;
const show = json ? undefined : progressLine();

/** What the other engine said of the photos. */
interface Check {
  bytes: number;
  photos: number;
  data: string;
  maxDifference: number;
}

/** What the steps of a conversion share. */
interface Job {
  lib: Lib;
  classifier: Classifier;
  /** For what is used on the way, and removed. */
  work: string;
  /** For what becomes the output. */
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
        `on ${check.photos} photos (${check.data}) its probabilities are at most ` +
          `${check.maxDifference.toExponential(1)} from ours`,
      );
    }
  }
});

/** Before anything is set up. */
async function checkPaths(target: string) {
  if (await Deno.lstat(target).catch(() => undefined)) {
    throw new Deno.errors.AlreadyExists(`${target} is there already: choose another --output`);
  }
  if (data === undefined) return;
  await Deno.stat(data).catch((cause) => {
    throw new Deno.errors.NotFound(`there is no ${data} to take photos from`, { cause });
  });
}

/** At Ctrl-C the work ends, and the process with it. */
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

/** Makes the output in a folder beside it, and moves it to its place when it is whole. */
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

/** As it is: the layers, the weights, and what lies beside them, such as the model's card. */
async function copy(made: string): Promise<undefined> {
  for await (const { name, isFile } of Deno.readDir(model)) {
    if (isFile) await Deno.copyFile(join(model, name), join(made, name));
  }
}

/** Converts the model, runs it on photos in the other engine, and compares. */
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
  if (!(maxDifference <= TOLERANCE)) { // also if one is not a number
    throw new RangeError(
      `the exported model should say the same within ${TOLERANCE}, but its probabilities are up to ` +
        `${maxDifference} from ours: nothing was written`,
    );
  }
  const { size: bytes } = await Deno.stat(file);
  return { bytes, photos: images.samples.length, data: data ?? "drawn faces", maxDifference };
}

/** Writes the model to `file`; gives its probabilities of the photos, row after row. */
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
  onProgress({ stage: `converting to ${format}, and running it on the photos`, done: 0 });
  const script = join(ROOT, "scripts/export_model.py");
  const args = [script, resolve(model), file, metadata, pixels, scores];
  const converted = await run(python, args, { signal });
  if (converted.success) return new Float32Array((await Deno.readFile(scores)).buffer);
  throw new Error(`${model} could not be converted:\n${lastLines(converted.stderr)}`);
}

/** Photos to run the model on: those that were named, or drawn faces. */
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
    `a readable photo is needed to run the model on, and ${folder} has none` +
      (images.unreadable[0] ? `: ${images.unreadable[0].reason}` : ""),
  );
}

/** What one must know to use the model elsewhere. */
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
