/** Whole photos: finds the faces, and says of each whether it wears a mask. */
import type { NamedTensorMap, Tensor4D } from "@tensorflow/tfjs-node";
import { join } from "@std/path";
import { MIN_SCORE, type Pass, planPass, readFaces, SIZES } from "./read_faces.ts";
import type { FaceBox } from "./decode_heads.ts";
import { chooseRunLayer } from "./native_layer.ts";
import { findPackage } from "./package.ts";
import { buildSsd, disposeSsd, type RunLayer, runSsd, type Ssd } from "./ssd.ts";
import { tf } from "../engine/tensorflow.ts";
import { decodePhoto, type Photo, resizePhoto } from "../images/load_images.ts";
import { bytesToFloats } from "../engine/native_ops.ts";
import { classifyImages, type Prediction } from "../model/predict_images.ts";
import type { Classifier } from "../model/saved_model.ts";
import { type Box, FACE_MARGIN } from "../types.ts";

export { MIN_SCORE } from "./read_faces.ts";
export type { FaceBox } from "./decode_heads.ts";

/** What finds faces, in memory. The caller disposes it. */
export interface Detector {
  ssd: Ssd;
  runLayer: RunLayer;
  dispose(): void;
}

const SECOND_LOOK = join(import.meta.dirname!, "../../models/second_look");

/** How faces are looked for. */
export interface DetectOptions {
  /** How sure the detector must be that there is a face, in 0..1. @default 0.3 */
  minScore?: number;
  /**
   * The photo is looked at once in each of these sizes: pixels of its longer side. A face is found from
   * about 16 pixels of the largest on. Time grows with their squares. @default [512, 768]
   */
  sizes?: readonly number[];
}

/** One face of a photo, and what the classifier says of it. */
export interface MaskDetection extends Prediction {
  /** In pixels of the upright photo, fractions of them too. */
  box: Box;
  /** How sure the detector is that there is a face, in 0..1. */
  score: number;
}

/**
 * Loads the face detector of `@vladmandic/face-api`, an SSD on MobileNetV1 trained on WIDER FACE, whose
 * weights lie in the installed package; and a second look of this project's, which corrects its smaller
 * boxes and their scores (see `trainSecondLook`).
 *
 * @throws {Deno.errors.NotFound} if the package is not installed
 * @throws {Deno.errors.InvalidData} if weights are missing or damaged
 * @example
 * ```ts
 * import { findFaces, loadDetector } from "./detector.ts";
 *
 * const detector = await loadDetector();
 * const wall = { width: 64, height: 48, pixels: new Uint8Array(64 * 48 * 3).fill(200) };
 * console.log(await findFaces(detector, wall)); // []
 * detector.dispose();
 * ```
 */
export async function loadDetector(
  { secondLook = SECOND_LOOK }: {
    /**
     * The folder of what corrects the package's boxes, or none.
     *
     * @default the project's models/second_look
     */
    secondLook?: string | false;
  } = {},
): Promise<Detector> {
  const weights = {
    ...await readWeights(
      join(findPackage(), "model"),
      "ssd_mobilenetv1_model-weights_manifest.json",
    ),
    ...secondLook && await readWeights(secondLook, "weights_manifest.json"),
  };
  try {
    const ssd = buildSsd(tf, weights);
    return { ssd, runLayer: chooseRunLayer(), dispose: () => disposeSsd(ssd) };
  } finally {
    tf.dispose(weights);
  }
}

/** Weights in one file and what they are in another, as TensorFlow.js keeps them. */
async function readWeights(folder: string, manifest: string): Promise<NamedTensorMap> {
  const file = join(folder, manifest);
  try {
    const [{ paths: [name], weights }] = JSON.parse(await Deno.readTextFile(file));
    const { buffer } = await Deno.readFile(join(folder, name));
    return tf.io.decodeWeights(buffer, weights);
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `the face detector's weights, ${file}, are missing or damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The photo as the network takes it, `[1, height, width, 3]` float32 in 0..255; the caller disposes it. */
export async function toInput(photo: Photo, pass: Pass): Promise<Tensor4D> {
  const { width, height, inputWidth, inputHeight } = pass;
  const pixels = await resizePhoto(photo, pass);
  return tf.tidy(() =>
    tf.pad(bytesToFloats(pixels, [1, height, width, 3], 1) as Tensor4D, [
      [0, 0],
      [0, inputHeight - height],
      [0, inputWidth - width],
      [0, 0],
    ])
  );
}

/**
 * Finds the faces of a photo.
 *
 * Sizes, corrections of the boxes and thresholds were chosen on the training part of Kaggle's
 * `andrewmvd/face-mask-detection`.
 *
 * @returns boxes in pixels of the photo, the surest first; none where no face is found
 * @throws {RangeError} if an option is out of its range
 */
export async function findFaces(
  { ssd, runLayer }: Detector,
  photo: Photo,
  { minScore = MIN_SCORE, sizes = SIZES }: DetectOptions = {},
): Promise<FaceBox[]> {
  if (!(minScore > 0 && minScore < 1)) {
    throw new RangeError(`minScore must be above 0 and below 1, got ${minScore}`);
  }
  const passes = sizes.map((size) => planPass(photo, size));
  const seen: Parameters<typeof readFaces>[0][number][] = [];
  for (const pass of passes) {
    const x = await toInput(photo, pass);
    seen.push({ pass, heads: await runSsd(tf, ssd, x, runLayer).finally(() => x.dispose()) });
  }
  return readFaces(seen, photo, { minScore, hasSecondLook: ssd.secondLook !== undefined });
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
  const { size, classes, margin = FACE_MARGIN } = classifier.info;
  const pixels = new Uint8Array(boxes.length * size * size * 3);
  await Promise.all(boxes.map(async (box, i) => {
    const face = await resizePhoto(photo, { width: size, height: size }, { box, margin });
    pixels.set(face, i * face.length);
  }));
  const samples = boxes.map((box) => ({ file: "", className: classes[0]!, box }));
  return await classifyImages(classifier, { size, pixels, samples, unreadable: [] });
}

/**
 * Finds the faces of a photo and classifies each.
 *
 * @param photo The bytes of a photo, the path of one, or one that has been decoded.
 * @returns the faces, those first that the detector is surest of; none where there is no face
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is no readable photo; the message says why
 * @throws {RangeError} if an option is out of its range
 * @example
 * ```ts
 * import { detectMasks, loadDetector } from "./detector.ts";
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
  const faces = await findFaces(detector, whole, options);
  const predictions = await classifyFaces(classifier, whole, faces);
  return faces.map(({ score, ...box }, i) => ({ box, ...predictions[i]!, score }));
}
