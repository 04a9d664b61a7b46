/** Finds the faces of whole photos and classifies each, on Deno. */
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

/** Adapts a saved model to the detection chain. */
const asFaceClassifier = ({ model, info }: Classifier): FaceClassifier => ({
  info,
  predict: (faces) => predictImages(model, faces),
});

/**
 * Classifies the faces in a photo's boxes, each cropped with the classifier's margin.
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
 * Finds the faces of a photo and classifies each. A photo that one face fills is supported too.
 *
 * @param photo The bytes of a photo, its path, or a decoded photo.
 * @returns the faces, the most confident detection first; empty if there is no face
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is not a readable photo, with the reason
 * @throws {RangeError} if an option is out of range
 * @example
 * ```ts
 * import { loadDetector } from "../detection/detector.ts";
 * import { detectMasks } from "./detect_masks.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const detector = await loadDetector();
 * // A trained classifier: await loadClassifier("models/cnn")
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
