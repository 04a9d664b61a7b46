/** `deno task train-detector`: the face detector, from whole photos with labelled faces. */
import { join } from "node:path";
import { Command } from "commander";
import type { LabelledPhotos } from "../lib/data/labelled_photos.ts";
import type { JudgedPhoto } from "../lib/evaluation/judge_detections.ts";
import type { PhotoOfFaces } from "../lib/training/train_detector.ts";
import { readDetectorStart } from "./detector_start.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, parseWholeNumber, progressLine, ROOT, runCommand } from "./terminal.ts";

interface Options {
  data: string[];
  output: string;
  epochs: number;
  seed: number;
  splitSeed: number;
}

const options = new Command("deno task train-detector")
  .description(
    "Trains the face detector on the training parts of photos with boxes, from CenterFace's weights; " +
      "ends with its average precision on the validation parts, before and after, as JSON.",
  )
  .requiredOption(
    "--data <path>",
    "folder or zip of photos with labelled boxes; may be given several times",
    (path: string, paths: string[] = []) => [...paths, parsePath(path)],
  )
  .option("--output <folder>", "where it goes", parsePath, join(ROOT, "models/face-detector"))
  .option("--epochs <n>", "how often each photo is trained on", parseWholeNumber(1), 3)
  .option("--seed <n>", "for the training", parseWholeNumber(0), 42)
  .option("--split-seed <n>", "for the split into parts", parseWholeNumber(0), 2026)
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();

/** The library, and the parts of it that only this command needs. */
async function loadLib() {
  return {
    ...await import("../lib/mod.ts"),
    ...await import("../lib/detection/detector.ts"),
    ...await import("../lib/detection/find_faces.ts"),
    ...await import("../lib/detection/center_network.ts"),
    ...await import("../lib/evaluation/detection_metrics.ts"),
    ...await import("../lib/training/center_face.ts"),
    ...await import("../lib/training/train_detector.ts"),
  };
}
type Lib = Awaited<ReturnType<typeof loadLib>>;

await runCommand(async () => {
  await setUpEngine();
  const lib = await loadLib();
  const onProgress = progressLine();
  const { data, epochs, seed, splitSeed, output } = options;
  const sources = [];
  for (const path of data) sources.push(await lib.openData(path, { onProgress }));
  const photos = await lib.loadLabelledPhotos(sources, {
    task: "three-class",
    eachClass: false,
    onProgress,
  });
  if (photos.images.samples.some(({ box }) => !box)) {
    throw new TypeError(
      `--data must be photos with boxes (PASCAL VOC, YOLO), got folders of faces in ${photos.data}`,
    );
  }
  const split = photos.split({ seed: splitSeed });
  const train = groupFaces(photos, split.train), validation = groupFaces(photos, split.validation);
  const start = await readDetectorStart();
  const model = lib.startFromOnnx(start);
  const before = await measure(lib, model, validation);
  const known = await lib.ignoreUnlabelled(model, train, { onProgress });
  await lib.trainDetector(model, known, { epochs, seed, onProgress });
  await lib.saveDetector(model, output, { trainedOn: photos.data, seed, splitSeed, epochs });
  const result = {
    averagePrecision: { before, after: await measure(lib, model, validation) },
    photos: { train: train.length, validation: validation.length },
    data: photos.data,
    output,
  };
  console.log(JSON.stringify(result));

  async function measure(lib: Lib, network: typeof model, photos: readonly PhotoOfFaces[]) {
    const detector = lib.createDetector(lib.createCenterNetwork(network), lib.PLATFORM);
    const judged: JudgedPhoto[] = [];
    for (const { file, faces } of photos) {
      const photo = await lib.decodePhoto(file);
      const found = await lib.findFaces(detector, photo, { minScore: 0.05 });
      const [className, label] = ["with_mask", "with_mask"] as const;
      judged.push({
        truths: faces.map(({ box, isIgnored: isDifficult }) => ({ box, className, isDifficult })),
        found: found.map(({ score, ...box }) => ({ box, label, probability: 1, score })),
      });
      onProgress({ stage: "Validating", done: judged.length, total: photos.length });
    }
    const precisionOf = (minFace: number) =>
      lib.rankDetections(judged, { minFace }).averagePrecision;
    return { allFaces: precisionOf(0), from20Pixels: precisionOf(20) };
  }
});

/** The photos of these faces, each with all that it has. */
function groupFaces(
  { images: { samples } }: LabelledPhotos,
  indices: readonly number[],
): PhotoOfFaces[] {
  const facesOf = Map.groupBy(samples, ({ file }) => file);
  const files = [...new Set(indices.map((index) => samples[index]!.file))];
  return files.map((file) => ({
    file,
    faces: facesOf.get(file)!.map(({ box, isDifficult = false }) => ({
      box: box!,
      isIgnored: isDifficult,
    })),
  }));
}
