/** `deno task evaluate`: what a saved model is worth on labelled photos, alone or behind the detector. */
import { Command, Option } from "commander";
import { CLASSES, type Task } from "../lib/types.ts";
import { addPhotoOptions, type PhotoOptions, readLabelledPhotos } from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, printable, progressLine, runCommand, SHIPPED_MODEL } from "./terminal.ts";

interface Options extends Omit<PhotoOptions, "task"> {
  model: string;
  task?: Task | "detection";
  part: "all" | "train" | "validation" | "test";
  slices?: boolean;
}

const command = new Command("deno task evaluate")
  .description(
    "Evaluates a saved model on every readable photo or face, or on one part of them; of photos that it was " +
      "trained on the result says too much. --task detection takes whole photos with labelled boxes: finds " +
      "the faces, then classifies them.",
  )
  .option("--model <folder>", "a saved model", parsePath, SHIPPED_MODEL);
const options = addPhotoOptions(command, {
  taskDefault: "the model's",
  tasks: [...Object.keys(CLASSES), "detection"],
})
  .addOption(
    new Option("--part <name>", "only this part, as `train` splits the same photos")
      .choices(["all", "train", "validation", "test"]).default("all"),
  )
  .option("--slices", "by kinds of photos as well: small, blurred, dark, from the side, edited")
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  if (options.task === "detection" && options.slices) {
    throw new TypeError(
      "--slices are of faces that are classified alone: leave out --task detection",
    );
  }
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const onProgress = options.json ? undefined : progressLine();
  const classifier = await lib.loadClassifier(options.model);
  const { model, info: { classes, trainedOn, ...info } } = classifier;
  if (!options.json) console.error(printable(`the model was trained on: ${trainedOn}`));
  const own = classes.length === 2 ? "binary" : "three-class";
  const { task = own, part, minFace } = options;
  if (task === "three-class" && own === "binary") {
    throw new RangeError(
      `the model in ${options.model} knows ${
        classes.join(" and ")
      }: it cannot be judged by --task ${task}`,
    );
  }
  const isChain = task === "detection";
  // The chain reads all boxes: what is left out is neither found nor missed, but must be known.
  const photos = await readLabelledPhotos({
    ...options,
    ...(isChain ? { task: "three-class", minFace: 0 } : { task }),
  }, { ...info, eachClass: !isChain });
  const places = part === "all" ? photos.places : photos.split(options.splitSeed)[part];
  const data = part === "all" ? photos.data : `${part} part of ${photos.data}`;
  const { leftOut, notes } = photos;
  const about = { trainedOn, data, leftOut, notes };

  /** The classifier alone, on the photos or labelled faces at these places. */
  async function judgeAlone(images: typeof photos.images, places: readonly number[], task: Task) {
    const raw = await lib.predictImages(model, images, places, { onProgress });
    const scores = task === own ? raw : lib.narrowToBinary(raw);
    const labels = lib.toLabels(images, places, CLASSES[task]);
    const { error } = lib.measureCalibration(labels, scores, CLASSES[task].length);
    return { ...lib.evaluateScores(labels, scores, CLASSES[task]), calibrationError: error };
  }

  if (isChain) {
    const samples = photos.images.samples;
    const faces = places.filter((place) => {
      const { box, className } = samples[place]!;
      return box && Math.min(box.width, box.height) >= minFace && classes.includes(className);
    });
    if (photos.hasBoxes && faces.length === 0) {
      throw new RangeError(`no labelled face of at least ${minFace} pixels in ${data}`);
    }
    const files = new Set(places.map((place) => samples[place]!.file));
    const whole = part === "all" ? photos.files : photos.files.filter((file) => files.has(file));
    const { judged, unreadable: undecoded } = await lib.judgePhotos(
      await lib.loadDetector(),
      classifier,
      { photos: whole, samples },
      { onProgress },
    );
    const evaluation = lib.evaluateDetections(judged, { minScore: lib.MIN_SCORE, minFace });
    const alone = await judgeAlone(photos.images, faces, own);
    const known = new Set(photos.unreadable.map(({ file }) => file));
    const unreadable = [...photos.unreadable, ...undecoded.filter(({ file }) => !known.has(file))];
    if (options.json) {
      console.log(JSON.stringify({ ...evaluation, classifier: alone, ...about, unreadable }));
    } else {
      console.log(printable(lib.describeDetection(evaluation, data)));
      console.log(`\nthe classifier alone, on ${alone.n} labelled faces`);
      console.log(printable(lib.describeEvaluation(alone, data)));
    }
    return;
  }

  const evaluation = await judgeAlone(photos.images, places, task);
  const kinds = options.slices
    ? [
      ...lib.measureSlices(photos.images, places),
      ...await lib.turnSlices(photos.images, places, { margin: info.margin, onProgress }),
      ...await lib.editSlices(photos.images, places, { margin: info.margin, onProgress }),
    ]
    : [];
  const slices = [];
  for (const { name, how, images, places } of kinds) {
    const { n, accuracy, interval, perClass } = await judgeAlone(images, places, task);
    slices.push({ name, how, n, accuracy, interval, perClass });
  }
  const { unreadable } = photos;
  if (options.json) {
    const more = options.slices ? { slices } : {};
    console.log(JSON.stringify({ ...evaluation, ...more, ...about, unreadable }));
  } else {
    console.log(printable(lib.describeEvaluation(evaluation, data)));
    if (options.slices) console.log(`\n${lib.describeSlices(slices)}`);
  }
});
