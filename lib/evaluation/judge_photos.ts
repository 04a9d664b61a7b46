/** Runs the detection chain on labelled photos, for evaluation. */
import type { Dataset } from "../data/dataset.ts";
import type { DetectOptions, Detector } from "../detection/detector.ts";
import type { JudgedPhoto } from "./judge_detections.ts";
import { detectFiles } from "../inference/predict_files.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { OnProgress, Unreadable } from "../types.ts";

/**
 * Finds and classifies the faces of every labelled photo of a data set, including photos without faces.
 *
 * @param options.minScore Low by default, as the average precision needs all ranks. @default 0.05
 * @returns one result per photo, ready for `evaluateDetections`, and the unreadable photos
 * @throws {RangeError} if a sample has no box, or an option is out of range
 * @example
 * ```ts
 * import { judgePhotos } from "./judge_photos.ts";
 * import { loadDetector } from "../detection/detector.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const detector = await loadDetector();
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * const box = { left: 0, top: 0, width: 30, height: 30 };
 * const samples = [{ file: "no/such.jpg", className: "with_mask" as const, box }];
 * const set = { photos: ["no/such.jpg"], samples };
 * const { unreadable } = await judgePhotos(detector, { model: buildCnn(), info }, set);
 * console.log(unreadable.length); // 1
 * ```
 */
export async function judgePhotos(
  detector: Detector,
  classifier: Classifier,
  { photos, samples }: Pick<Dataset, "photos" | "samples">,
  { minScore = 0.05, onProgress, ...options }: DetectOptions & { onProgress?: OnProgress } = {},
): Promise<{ judged: JudgedPhoto[]; unreadable: Unreadable[] }> {
  const unboxed = samples.find(({ box }) => !box);
  if (unboxed) {
    throw new RangeError(
      `samples must have boxes to evaluate detection, got none for ${unboxed.file}`,
    );
  }
  const samplesOf = Map.groupBy(samples, ({ file }) => file);
  const judged: JudgedPhoto[] = [], unreadable: Unreadable[] = [];
  let done = 0;
  const files = photos.map((file) => ({ file }));
  for await (
    const result of detectFiles(detector, classifier, files, { ...options, minScore })
  ) {
    const { file } = result;
    if ("error" in result) unreadable.push({ file, reason: result.error });
    else {
      const truths = (samplesOf.get(file) ?? [])
        .map(({ box, className, isDifficult }) => ({ box: box!, className, isDifficult }));
      judged.push({ truths, found: result.faces });
    }
    onProgress?.({ stage: "Finding faces", done: ++done, total: photos.length });
  }
  return { judged, unreadable };
}
