/** Whole photos: finds the faces, and says of each whether it wears a mask. */
import { type DetectOptions, type Detector, findFaces } from "../detection/detector.ts";
import { findFacesOrCrop } from "../detection/find_faces_or_crop.ts";
import { MIN_SCORE } from "../detection/read_faces.ts";
import { decodePhoto, resizePhoto } from "../images/decode_image.ts";
import { classifyImages } from "../model/predict_images.ts";
import type { Prediction } from "../model/predictions.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { Photo } from "../photo.ts";
import { type Box, FACE_MARGIN } from "../types.ts";

/** One face of a photo, and what the classifier says of it. */
export interface MaskDetection extends Prediction {
  /** In pixels of the upright photo, fractions of them too. */
  box: Box;
  /** How sure the detector is that there is a face, in 0..1. */
  score: number;
}

/**
 * Classifies faces of a photo, each cut out with the margin that the classifier was trained with.
 *
 * @returns one prediction a box, in order
 * @throws {RangeError} if a box lies outside the photo
 */
export async function classifyFaces(
  classifier: Classifier,
  photo: Photo,
  boxes: readonly Box[],
): Promise<Prediction[]> {
  const { size, margin = FACE_MARGIN } = classifier.info;
  const pixels = new Uint8Array(boxes.length * size * size * 3);
  await Promise.all(boxes.map(async (box, i) => {
    const face = await resizePhoto(photo, { width: size, height: size }, { box, margin });
    pixels.set(face, i * face.length);
  }));
  return await classifyImages(classifier, { size, pixels });
}

/**
 * Finds the faces of a photo and classifies each. A crop that one face fills gets its answer too: see {@linkcode findFacesOrCrop}.
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
  options: DetectOptions = {},
): Promise<MaskDetection[]> {
  const isDecoded = typeof photo !== "string" && !(photo instanceof Uint8Array);
  const whole = isDecoded ? photo : await decodePhoto(photo);
  const find = (photo: Photo, options: DetectOptions) => findFaces(detector, photo, options);
  const { minScore = MIN_SCORE, sizes } = options;
  const faces = await findFacesOrCrop(whole, find, { minScore, sizes });
  const predictions = await classifyFaces(classifier, whole, faces);
  return faces.map(({ score, ...box }, i) => ({ box, ...predictions[i]!, score }));
}
