/** Labelled whole photos through the chain: what is there, and what is found. */
import type { Dataset } from "../data/dataset.ts";
import type { DetectOptions, Detector } from "../detection/detector.ts";
import type { JudgedPhoto } from "./judge_detections.ts";
import { detectFiles } from "../inference/predict_files.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { OnProgress, Unreadable } from "../types.ts";

/**
 * Finds and classifies the faces of every labelled photo of a data set, those without a face too.
 *
 * @param minScore Low by default, as the average precision judges all ranks. @default 0.05
 * @returns a photo each, ready for `evaluateDetections`, and the photos that could not be read
 * @throws {RangeError} if the data set has no boxes, or an option is out of its range
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
      `detection is judged on photos with boxes (PASCAL VOC), and ${unboxed.file} has none`,
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
