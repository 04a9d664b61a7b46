/** Whole photos on Deno: finds the faces, and says of each whether it wears a mask. */
import type { Detector } from "../detection/detector.ts";
import { decodePhoto, resizePhoto } from "../images/decode_image.ts";
import { predictImages } from "../model/predict_images.ts";
import type { Prediction } from "../model/predictions.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";
import {
  classifyBoxes,
  type FaceClassifier,
  findMasks,
  type MaskDetection,
  type MaskOptions,
} from "./find_masks.ts";

export type { MaskDetection, MaskOptions };

/** A saved model as the chain takes it. */
const asFaceClassifier = ({ model, info }: Classifier): FaceClassifier => ({
  info,
  predict: (faces) => predictImages(model, faces),
});

/**
 * Classifies faces of a photo, each cut out with the margin that the classifier was trained with.
 *
 * @returns one prediction per box, in order
 * @throws {RangeError} if a box lies outside the photo
 */
export async function classifyFaces(
  classifier: Classifier,
  photo: Photo,
  boxes: readonly Box[],
): Promise<Prediction[]> {
  return await classifyBoxes({ resize: resizePhoto }, asFaceClassifier(classifier), photo, boxes);
}

/**
 * Finds the faces of a photo and classifies each. A crop that one face fills gets its answer too.
 *
 * @param photo The bytes of a photo, the path of one, or one that has been decoded.
 * @returns the faces, those first that the detector is surest of; none where there is no face
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is no readable photo; the message says why
 * @throws {RangeError} if an option is out of its range
 * @example
 * ```ts
 * import { loadDetector } from "../detection/detector.ts";
 * import { detectMasks } from "./detect_masks.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const detector = await loadDetector();
 * // In earnest: await loadClassifier("models/cnn")
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * const classifier = { model: buildCnn(), info };
 * const wall = { width: 64, height: 48, pixels: new Uint8Array(64 * 48 * 3).fill(200) };
 * for (const { box, label, probability } of await detectMasks(detector, classifier, wall)) {
 *   console.log(box.left, box.top, box.width, box.height, label, probability);
 * }
 * ```
 */
export async function detectMasks(
  detector: Detector,
  classifier: Classifier,
  photo: Uint8Array | string | Photo,
  options: MaskOptions = {},
): Promise<MaskDetection[]> {
  const isDecoded = typeof photo !== "string" && !(photo instanceof Uint8Array);
  const whole = isDecoded ? photo : await decodePhoto(photo);
  return await findMasks(detector, asFaceClassifier(classifier), whole, options);
}
