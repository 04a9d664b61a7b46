/** `deno task evaluate`: what a saved model is worth on labelled photos, alone or behind the detector. */
import { join } from "@std/path";
import { Command, Option } from "commander";
import { CLASSES, type Task } from "../lib/types.ts";
import {
  addPhotoOptions,
  type LabelledPhotos,
  loadLabelledPhotos,
  type PhotoOptions,
  selectPart,
} from "./labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parseWholeNumber, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options extends Omit<PhotoOptions, "task"> {
  model: string;
  task?: Task | "detection";
  part?: "train" | "validation" | "test";
  seed: number;
}

const command = new Command("deno task evaluate")
  .description(
    "Evaluates a saved model on every readable photo or face; nothing is split off unless --part says so. " +
      "--task detection takes whole photos with labelled boxes: finds the faces, then classifies them.",
  )
  .option("--model <folder>", "a saved model", join(ROOT, "models/cnn"));
const options = addPhotoOptions(command, {
  taskDefault: "the model's",
  tasks: [...Object.keys(CLASSES), "detection"],
})
  .addOption(
    new Option("--part <part>", "only this part, as `train` splits with the same options")
      .choices(["train", "validation", "test"]),
  )
  .option("--seed <n>", "of that split", parseWholeNumber(0), 42)
  .option("--json", "one JSON object, and no progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const classifier = await lib.loadClassifier(options.model);
  const { model, info } = classifier;
  const onProgress = options.json ? undefined : progressLine();

  /** The classifier alone, on the photos or labelled faces at these places. */
  async function evaluateClassifier({ images }: LabelledPhotos, indices: readonly number[]) {
    const labels = lib.toLabels(images, indices, info.classes);
    const scores = await lib.predictImages(model, images, indices, { onProgress });
    return lib.evaluateScores(labels, scores, info.classes);
  }

  if (options.task === "detection") {
    // All boxes are read: what is left out is neither found nor missed, but must be known.
    const { minFace } = options;
    const labelled = await loadLabelledPhotos(
      { ...options, task: "three-class", minFace: 0 },
      info,
    );
    const { dataset, images, report } = labelled;
    const indices = await selectPart(labelled, options);
    const files = new Set(indices.map((index) => images.samples[index]!.file));
    const photos = options.part ? dataset.photos.filter((file) => files.has(file)) : dataset.photos;
    const detector = await lib.loadDetector();
    const { judged, unreadable } = await lib.judgePhotos(
      detector,
      classifier,
      { ...dataset, photos },
      { onProgress },
    );
    const evaluation = lib.evaluateDetections(judged, { minScore: lib.MIN_SCORE, minFace });
    const faces = indices.filter((index) => {
      const { box, className } = images.samples[index]!;
      return Math.min(box!.width, box!.height) >= minFace && info.classes.includes(className);
    });
    const alone = await evaluateClassifier(labelled, faces);
    if (options.json) {
      const missed = { ...report, unreadable: [...report.unreadable, ...unreadable] };
      console.log(JSON.stringify({ ...evaluation, classifier: alone, ...missed }));
    } else {
      console.log(lib.describeDetection(evaluation, report.data));
      console.log(`\nthe classifier alone, on ${alone.n} labelled faces`);
      console.log(lib.describeEvaluation(alone, report.data));
    }
    return;
  }

  const task = info.classes.length === 2 ? "binary" : "three-class";
  if (options.task && options.task !== task) {
    throw new RangeError(
      `the model in ${options.model} is for --task ${task} (${info.classes.join(", ")}), ` +
        `not for ${options.task}`,
    );
  }
  const labelled = await loadLabelledPhotos({ ...options, task }, info);
  const evaluation = await evaluateClassifier(labelled, await selectPart(labelled, options));
  const { report } = labelled;
  if (options.json) console.log(JSON.stringify({ ...evaluation, ...report }));
  else console.log(lib.describeEvaluation(evaluation, report.data));
});
