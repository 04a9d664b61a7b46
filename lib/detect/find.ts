/** From a photo to one box for each face, on whatever engine the network runs. No TensorFlow. */
import { correctBox, mergeBoxes, type Pass, planPass } from "./boxes.ts";
import { decodeHeads, type FaceBox, type HeadOutput } from "./decode.ts";

/** Boxes of this score have a say in where a surer one lies, so that the answer does not depend on `minScore`. */
const VOTING_SCORE = 0.05;

/** From this score on a face is shown, unless one asks for others. */
export const MIN_SCORE = 0.3;

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
 * Finds the faces of a photo.
 *
 * Sizes, corrections of the boxes and thresholds were chosen on the training part of Kaggle's
 * `andrewmvd/face-mask-detection`.
 *
 * @param look Runs the network on the photo, resized as the pass says.
 * @returns boxes in pixels of the photo, the surest first; none where no face is found
 * @throws {RangeError} if an option is out of its range
 */
export async function findBoxes(
  photo: { width: number; height: number },
  look: (pass: Pass) => Promise<HeadOutput[]>,
  { minScore = MIN_SCORE, sizes = [512, 768] }: DetectOptions = {},
): Promise<FaceBox[]> {
  if (!(minScore > 0 && minScore < 1)) {
    throw new RangeError(`minScore must be above 0 and below 1, got ${minScore}`);
  }
  const passes = sizes.map((size) => planPass(photo, size));
  const boxes: FaceBox[] = [];
  for (const pass of passes) {
    for (const box of decodeHeads(await look(pass), Math.min(minScore, VOTING_SCORE))) {
      boxes.push(correctBox(box, pass));
    }
  }
  return mergeBoxes(boxes, photo).filter(({ score }) => score >= minScore);
}
