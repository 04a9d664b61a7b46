/** Finds the faces of a photo on any engine of TensorFlow.js. Loads nothing itself. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Platform } from "../engine/platform.ts";
import type { Photo } from "../photo.ts";
import type { FaceBox, FaceNetwork } from "./face_network.ts";
import { mergeBoxes } from "./merge_boxes.ts";
import { type Pass, planPass, toPhoto } from "./passes.ts";

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

/** What finds faces, in memory, and where it runs. The caller disposes it. */
export interface Detector<Network extends FaceNetwork = FaceNetwork> {
  network: Network;
  platform: Platform;
  dispose(): void;
}

/** From this score on a face is shown, unless one asks for others. */
export const MIN_SCORE = 0.3;
/** Pixels of the longer side in which a photo is looked at, unless one asks for others. */
const SIZES: readonly number[] = [512, 768];
/** Boxes of this score have a say in where a surer one lies, so that the answer does not depend on the least score shown. */
const VOTING_SCORE = 0.05;

/** Puts a network to work on a platform. */
export function createDetector<Network extends FaceNetwork>(
  network: Network,
  platform: Platform,
): Detector<Network> {
  return { network, platform, dispose: () => network.dispose() };
}

/** The photo as the network takes it, `[1, height, width, 3]` float32 in 0..255; the caller disposes it. */
export async function toInput(
  { tf, resize, toFloats }: Platform,
  photo: Photo,
  pass: Pass,
): Promise<Tensor4D> {
  const { width, height, inputWidth, inputHeight } = pass;
  const pixels = await resize(photo, pass);
  return tf.tidy(() =>
    tf.pad(toFloats(pixels, [1, height, width, 3], 1) as Tensor4D, [
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
  { network, platform }: Detector,
  photo: Photo,
  { minScore = MIN_SCORE, sizes = SIZES }: DetectOptions = {},
): Promise<FaceBox[]> {
  if (!(minScore > 0 && minScore < 1)) {
    throw new RangeError(`minScore must be above 0 and below 1, got ${minScore}`);
  }
  const passes = sizes.map((size) => planPass(photo, size));
  const boxes: FaceBox[] = [];
  for (const pass of passes) {
    const x = await toInput(platform, photo, pass);
    const found = network.findBoxes(x, Math.min(minScore, VOTING_SCORE));
    boxes.push(...(await found.finally(() => x.dispose())).map((box) => toPhoto(box, pass)));
  }
  return mergeBoxes(boxes, photo).filter(({ score }) => score >= minScore);
}
