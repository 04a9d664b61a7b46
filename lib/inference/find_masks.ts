/** Finds the faces of a decoded photo and classifies each, on any engine. */
import {
  type DetectOptions,
  type Detector,
  findFaces,
  MIN_SCORE,
} from "../detection/find_faces.ts";
import { findFacesOrCrop } from "../detection/find_faces_or_crop.ts";
import type { Platform } from "../engine/platform.ts";
import type { ModelInfo } from "../model/model_json.ts";
import { type Prediction, toPredictions } from "../model/predictions.ts";
import type { Photo, PixelSet } from "../photo.ts";
import { type Box, FACE_MARGIN } from "../types.ts";

/** One face of a photo, and its classification. */
export interface MaskDetection extends Prediction {
  /** In pixels of the upright photo; may be fractional. */
  box: Box;
  /** The detector's confidence that it is a face, in 0..1. */
  score: number;
}

/** Options of {@linkcode findMasks}. */
export interface MaskOptions extends DetectOptions {
  /**
   * Whether one face may fill the photo: if no clear face is found, the photo is searched again, more
   * slowly. @default true
   */
  mayBeCrop?: boolean;
}

/** A classifier of faces, on any engine. */
export interface FaceClassifier {
  info: Pick<ModelInfo, "classes" | "size" | "margin">;
  /** Computes the scores of faces of the classifier's size, as `toPredictions` takes them. */
  predict(faces: PixelSet): Promise<Float32Array>;
}

/** Faces per batch: larger batches only take more memory. */
const BATCH = 64;

/**
 * Classifies the faces in a photo's boxes, each cropped with the classifier's margin.
 *
 * @returns one prediction per box, in order
 * @throws {RangeError} if a box lies outside the photo
 */
export async function classifyBoxes(
  { resize }: Pick<Platform, "resize">,
  { info: { classes, size, margin = FACE_MARGIN }, predict }: FaceClassifier,
  photo: Photo,
  boxes: readonly Box[],
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for (let first = 0; first < boxes.length; first += BATCH) {
    const batch = boxes.slice(first, first + BATCH);
    const pixels = new Uint8Array(batch.length * size * size * 3);
    await Promise.all(batch.map(async (box, i) => {
      const face = await resize(photo, { width: size, height: size }, { box, margin });
      pixels.set(face, i * face.length);
    }));
    predictions.push(...toPredictions(await predict({ size, pixels }), classes));
  }
  return predictions;
}

/**
 * Finds the faces of a photo and classifies each. A photo that one face fills is supported too: see
 * {@linkcode findFacesOrCrop}.
 *
 * @returns the faces, the most confident detection first; empty if there is no face
 * @throws {RangeError} if an option is out of range
 */
export async function findMasks(
  detector: Detector,
  classifier: FaceClassifier,
  photo: Photo,
  { minScore = MIN_SCORE, facesFrom, mayBeCrop = true }: MaskOptions = {},
): Promise<MaskDetection[]> {
  const find = (photo: Photo, options: DetectOptions) => findFaces(detector, photo, options);
  const faces = mayBeCrop
    ? await findFacesOrCrop(photo, find, { minScore, facesFrom })
    : await find(photo, { minScore, facesFrom });
  const predictions = await classifyBoxes(detector.platform, classifier, photo, faces);
  return faces.map(({ score, ...box }, i) => ({ box, ...predictions[i]!, score }));
}
