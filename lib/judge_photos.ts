/** Labelled whole photos through the chain: what is there, and what is found. */
import type { Dataset } from "./dataset.ts";
import { detectMasks, type DetectOptions, type Detector } from "./detect.ts";
import type { JudgedPhoto } from "./detection_metrics.ts";
import { decodePhoto } from "./image.ts";
import { mapAhead } from "./map_ahead.ts";
import type { Classifier } from "./saved_model.ts";
import type { OnProgress, Unreadable } from "./types.ts";

/** Photos that are decoded while the faces of another are found, which takes longer. */
const AHEAD = 2;

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
  const decoded = mapAhead(photos, async (file) => {
    try {
      return { file, photo: await decodePhoto(file) };
    } catch (error) {
      return { file, reason: (error as Error).message };
    }
  }, { ahead: AHEAD });
  for await (const { file, photo, reason } of decoded) {
    if (photo) {
      const truths = (samplesOf.get(file) ?? [])
        .map(({ box, className }) => ({ box: box!, className }));
      const found = await detectMasks(detector, classifier, photo, { ...options, minScore });
      judged.push({ truths, found });
    } else unreadable.push({ file, reason });
    onProgress?.({ stage: "finding faces", done: ++done, total: photos.length });
  }
  return { judged, unreadable };
}
