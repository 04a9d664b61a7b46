/** `deno task export`: a saved model for other engines, run there on 100 faces to see that it says the same. */
import { dirname, join, resolve } from "@std/path";
import { Command, Option } from "commander";
import type { ModelInfo } from "../lib/model/saved_model.ts";
import { writeSampleFaces } from "../lib/data/sample_faces.ts";
import type { OnProgress } from "../lib/types.ts";
import { writeWholeFolder } from "../lib/files.ts";
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

await runCommand(async () => {
  const target = resolve(options.output);
  if (await Deno.lstat(target).catch(() => undefined)) {
    throw new Deno.errors.AlreadyExists(`${target} is there already: choose another --output`);
  }
  if (data !== undefined) {
    await Deno.stat(data).catch((cause) => {
      throw new Deno.errors.NotFound(`there is no ${data} to take photos from`, { cause });
    });
  }
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const classifier = await lib.loadClassifier(model);
  const python = format === "tfjs" ? undefined : await setUpConverter();

  const interruption = new AbortController();
  const { signal } = interruption;
  const interrupt = () => interruption.abort();
  Deno.addSignalListener("SIGINT", interrupt);
  const show = json ? undefined : progressLine();
  const onProgress: OnProgress = (progress) => {
    signal.throwIfAborted();
    show?.(progress);
  };

  const check = await writeWholeFolder(target, async (made) => {
    const check = python ? await convert(python, dirname(made), made) : await copy(made);
    signal.throwIfAborted();
    return check;
  }).catch((error) => {
    if (!signal.aborted) throw error;
    console.error("\nstopped: nothing was written");
    Deno.exit(130);
  }).finally(() => Deno.removeSignalListener("SIGINT", interrupt));

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

  /** As it is: the layers, the weights, and what lies beside them, such as the model's card. */
  async function copy(made: string): Promise<undefined> {
    for await (const { name, isFile } of Deno.readDir(model)) {
      if (isFile) await Deno.copyFile(join(model, name), join(made, name));
    }
  }

  /** Converts the model, runs it on photos in the other engine, and compares. */
  async function convert(python: string, work: string, made: string) {
    const images = await readPhotos(work);
    const ours = await lib.predictImages(classifier.model, images, undefined, { onProgress });
    const [metadata, pixels, scores] = [
      join(made, "metadata.json"),
      join(work, "pixels.bin"),
      join(work, "scores.bin"),
    ];
    await Deno.writeTextFile(metadata, JSON.stringify(describe(classifier.info), null, 2) + "\n");
    await Deno.writeFile(pixels, images.pixels);
    onProgress({ stage: `converting to ${format}, and running it on the photos`, done: 0 });
    const script = join(ROOT, "scripts/export_model.py");
    const file = join(made, `model.${format}`);
    const args = [script, resolve(model), file, metadata, pixels, scores];
    const converted = await run(python, args, { signal });
    if (!converted.success) {
      throw new Error(`${model} could not be converted:\n${lastLines(converted.stderr)}`);
    }
    const theirs = new Float32Array((await Deno.readFile(scores)).buffer);
    const maxDifference = ours.reduce(
      (most, probability, i) => Math.max(most, Math.abs(probability - theirs[i]!)),
      0,
    );
    if (!(maxDifference <= TOLERANCE)) { // also if one is no number
      throw new RangeError(
        `the exported model should say the same within ${TOLERANCE}, but its probabilities are up to ` +
          `${maxDifference} from ours: nothing was written`,
      );
    }
    const { size: bytes } = await Deno.stat(file);
    return { bytes, photos: images.samples.length, data: data ?? "drawn faces", maxDifference };
  }

  async function readPhotos(work: string) {
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
});

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
