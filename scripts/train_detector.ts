/** `deno task train-detector`: the detector's second look, from whole photos with labelled faces. */
import { join } from "node:path";
import { Command } from "commander";
import type { JudgedPhoto } from "../lib/evaluation/judge_detections.ts";
import type { LabelledPhotos } from "../lib/data/labelled_photos.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, parseWholeNumber, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options {
  data: string;
  output: string;
  epochs: number;
  seed: number;
  splitSeed: number;
}

const options = new Command("deno task train-detector")
  .description(
    "Trains what corrects the face detector's boxes and scores, on the training part of a PASCAL VOC set; " +
      "ends with the detector's average precision on the validation part, before and after, as JSON.",
  )
  .requiredOption(
    "--data <path>",
    "folder or zip of photos with labelled boxes (PASCAL VOC)",
    parsePath,
  )
  .option("--output <folder>", "where the weights go", parsePath, join(ROOT, "models/second_look"))
  .option("--epochs <n>", "how often each cell is learned from", parseWholeNumber(1), 10)
  .option("--seed <n>", "for the training", parseWholeNumber(0), 42)
  .option("--split-seed <n>", "for the split into parts", parseWholeNumber(0), 2026)
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

await runCommand(async () => {
  await setUpEngine();
  const lib = await import("../lib/mod.ts");
  const onProgress = progressLine();
  const { data, epochs, seed, splitSeed, output } = options;
  const source = await lib.openData(data, { onProgress });
  const photos = await lib.loadLabelledPhotos([source], {
    task: "three-class",
    eachClass: false,
    onProgress,
  });
  if (photos.images.samples.some(({ box }) => !box)) {
    throw new TypeError(
      `${data}: the detector learns from photos with boxes (PASCAL VOC), got folders of faces`,
    );
  }
  const split = photos.split({ seed: splitSeed });
  const train = groupFaces(photos, split.train), validation = groupFaces(photos, split.validation);

  const before = await lib.loadDetector({ secondLook: false });
  const weights = await lib.trainSecondLook(before, train, { epochs, seed, onProgress });
  await lib.saveSecondLook(weights, output);
  const after = await lib.loadDetector({ secondLook: output });

  const measure = async (detector: typeof before) => {
    const judged: JudgedPhoto[] = [];
    for (const { file, boxes } of validation) {
      const photo = await lib.decodePhoto(file);
      const found = await lib.findFaces(detector, photo, { minScore: 0.05 });
      judged.push({
        truths: boxes.map((box) => ({ box, className: "with_mask" as const })),
        found: found.map(({ score, ...box }) => ({
          box,
          label: "with_mask" as const,
          probability: 1,
          score,
        })),
      });
      onProgress({ stage: "Validating", done: judged.length, total: validation.length });
    }
    const precisionOf = (minFace: number) =>
      lib.rankDetections(judged, { minFace }).averagePrecision;
    return { allFaces: precisionOf(0), from20Pixels: precisionOf(20) };
  };
  const result = {
    averagePrecision: { before: await measure(before), after: await measure(after) },
    photos: { train: train.length, validation: validation.length },
    data: photos.data,
    output,
  };
  console.log(JSON.stringify(result));
});

/** The photos of these faces, each with all that it has. */
function groupFaces({ images: { samples } }: LabelledPhotos, indices: readonly number[]) {
  const byFile = Map.groupBy(indices, (index) => samples[index]!.file);
  return [...byFile].map(([file, faces]) => ({
    file,
    boxes: faces.map((index) => samples[index]!.box!),
  }));
}
