/** Finds the faces of a photo on any engine of TensorFlow.js. Loads nothing itself. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Platform } from "../engine/platform.ts";
import type { Photo } from "../photo.ts";
import type { FaceBox, FaceNetwork } from "./face_network.ts";
import { mergeBoxes } from "./merge_boxes.ts";
import { planViews, toPhoto, type View } from "./plan_views.ts";

/** How faces are looked for. */
export interface DetectOptions {
  /** How sure the detector must be that there is a face, in 0..1. @default 0.35 */
  minScore?: number;
  /**
   * Pixels of the photo on the shorter side of the smallest face that should be found. Time grows as its
   * square falls; memory does not. @default 1/64 of the photo's longer side
   */
  facesFrom?: number;
}

/** What finds faces, in memory, and where it runs. The caller disposes it. */
export interface Detector<Network extends FaceNetwork = FaceNetwork> {
  network: Network;
  platform: Platform;
  dispose(): void;
}

/** From this score on a face is shown, unless one asks for others. */
export const MIN_SCORE = 0.35;
/** Boxes of this score have a say in where a surer one lies, so that the answer does not depend on the least score shown. */
const VOTING_SCORE = 0.05;

/** Puts a network to work on a platform. */
export function createDetector<Network extends FaceNetwork>(
  network: Network,
  platform: Platform,
): Detector<Network> {
  return { network, platform, dispose: () => network.dispose() };
}

/** The view as the network takes it, `[1, height, width, 3]` float32 in 0..255; the caller disposes it. */
export async function toInput(
  { tf, resize, toFloats }: Platform,
  photo: Photo,
  view: View,
): Promise<Tensor4D> {
  const { width, height, inputWidth, inputHeight } = view;
  const pixels = await resize(photo, { width, height }, view);
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
 * The threshold and the size of the view were chosen on validation parts: see `models/face-detector`.
 *
 * @returns boxes in pixels of the photo, the surest first; none where no face is found
 * @throws {RangeError} if an option is out of its range
 */
export async function findFaces(
  { network, platform }: Detector,
  photo: Photo,
  { minScore = MIN_SCORE, facesFrom }: DetectOptions = {},
): Promise<FaceBox[]> {
  if (!(minScore > 0 && minScore < 1)) {
    throw new RangeError(`minScore must be above 0 and below 1, got ${minScore}`);
  }
  const views = planViews(photo, facesFrom);
  const boxes: FaceBox[] = [];
  for (const view of views) {
    const x = await toInput(platform, photo, view);
    const found = await network.findBoxes(x, Math.min(minScore, VOTING_SCORE))
      .finally(() => x.dispose());
    boxes.push(...mergeBoxes(toPhoto(found, view, photo), photo));
  }
  const faces = views.length > 1 ? mergeBoxes(boxes, photo) : boxes;
  return faces.filter(({ score }) => score >= minScore);
}
