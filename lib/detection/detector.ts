/** Finds the faces of a photo. */
import type { NamedTensorMap, Tensor4D } from "@tensorflow/tfjs-node";
import { join } from "@std/path";
import { MIN_SCORE, type Pass, planPass, readFaces, SIZES } from "./read_faces.ts";
import type { FaceBox } from "./decode_heads.ts";
import { chooseRunLayer } from "./native_layer.ts";
import { findPackage } from "./package.ts";
import { buildSsd, disposeSsd, type RunLayer, runSsd, type Ssd } from "./ssd.ts";
import { tf } from "../engine/tensorflow.ts";
import { resizePhoto } from "../images/decode_image.ts";
import type { Photo } from "../photo.ts";
import { bytesToFloats } from "../engine/native_ops.ts";

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
