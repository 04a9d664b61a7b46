/** What is done with the detector's boxes before and after: sizes, corrections, one box a face. */
import type { Box } from "../types.ts";
import { boxIou, clipBox } from "../boxes.ts";
import { decodeHeads, type FaceBox, type HeadOutput } from "./decode_heads.ts";

/** How a photo is shown to the network once: as large as that, in the top left corner of its input. */
export interface Pass {
  /** Pixels of the network's input for each pixel of the photo. */
  scale: number;
  /** Of the photo in the input. */
  width: number;
  height: number;
  /** Of the input: what is left is black. */
  inputWidth: number;
  inputHeight: number;
}

/** From this score on a face is shown, unless one asks for others. */
export const MIN_SCORE = 0.3;
/** Pixels of the longer side in which a photo is looked at, unless one asks for others. */
export const SIZES: readonly number[] = [512, 768];
/** Boxes of this score have a say in where a surer one lies, so that the answer does not depend on the least score shown. */
const VOTING_SCORE = 0.05;
/** Cells of the network's third grid; finer ones divide it. */
const CELL = 64;
/** Boxes that overlap by this share or more show one face. */
const SAME_FACE = 0.4;
/** Boxes that overlap by this share or more with the surest one have a say in where it lies. */
const HAS_A_SAY = 0.5;
/**
 * How labelled boxes differ from the network's: a row each for 1, for the logarithm of the width in its
 * input over 50 pixels, and for that of the height. Columns: how far right and down the centre moves, as a
 * share of the box's size, then the logarithms of what width and height are multiplied by. Least squares
 * over the training part of Kaggle's `andrewmvd/face-mask-detection`.
 */
const CORRECTION = [
  [0, 0.20, 0.07, 0.08],
  [0.02, 0.23, -0.15, 0.60],
  [0, -0.26, 0.08, -0.62],
] as const;

/**
 * Plans a pass in which the photo's longer side has so many pixels.
 *
 * @throws {RangeError} if `longSide` is no positive integer
 */
export function planPass(photo: { width: number; height: number }, longSide: number): Pass {
  if (!Number.isInteger(longSide) || longSide < 1) {
    throw new RangeError(`a pass needs a longer side of 1 pixel or more, got ${longSide}`);
  }
  const scale = longSide / Math.max(photo.width, photo.height);
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  return {
    scale,
    width,
    height,
    inputWidth: CELL * Math.ceil(width / CELL),
    inputHeight: CELL * Math.ceil(height / CELL),
  };
}

/** A box of the network's input in pixels of the photo. */
export function toPhoto({ left, top, width, height, score }: FaceBox, { scale }: Pass): FaceBox {
  return {
    left: left / scale,
    top: top / scale,
    width: width / scale,
    height: height / scale,
    score,
  };
}

/** As {@linkcode toPhoto}, moved to where people would have drawn it. */
export function correctBox(box: FaceBox, pass: Pass): FaceBox {
  const terms = [1, Math.log(box.width / 50), Math.log(box.height / 50)];
  const [right, down, wider, taller] = [0, 1, 2, 3].map((column) =>
    terms.reduce((sum, term, row) => sum + term * CORRECTION[row]![column]!, 0)
  ) as [number, number, number, number];
  const width = box.width * Math.exp(wider), height = box.height * Math.exp(taller);
  return toPhoto({
    left: box.left + (0.5 + right) * box.width - width / 2,
    top: box.top + (0.5 + down) * box.height - height / 2,
    width,
    height,
    score: box.score,
  }, pass);
}

/**
 * Reads the faces of a photo off all passes.
 *
 * @param hasSecondLook Whether the finest head has been corrected already.
 * @returns boxes in pixels of the photo, the surest first
 */
export function readFaces(
  seen: readonly { pass: Pass; heads: readonly HeadOutput[] }[],
  photo: { width: number; height: number },
  { minScore, hasSecondLook }: { minScore: number; hasSecondLook: boolean },
): FaceBox[] {
  const boxes = seen.flatMap(({ pass, heads }) =>
    decodeHeads(heads, Math.min(minScore, VOTING_SCORE)).map((box) =>
      hasSecondLook && box.grid === 0 ? toPhoto(box, pass) : correctBox(box, pass)
    )
  );
  return mergeBoxes(boxes, photo).filter(({ score }) => score >= minScore);
}

/**
 * Leaves one box for each face: the surest, whose sides become the mean of those of the boxes that it
 * suppresses and overlaps well, weighted by their scores.
 *
 * Source: non-maximum suppression with the box voting of S. Gidaris and N. Komodakis, 2015, section 4,
 * https://arxiv.org/abs/1505.01749.
 *
 * @returns boxes cut to the photo, the surest first
 */
export function mergeBoxes(
  boxes: readonly FaceBox[],
  photo: { width: number; height: number },
): FaceBox[] {
  let waiting = boxes.toSorted((a, b) => b.score - a.score);
  const merged: FaceBox[] = [];
  while (waiting.length > 0) {
    const surest = waiting[0]!;
    const overlaps = waiting.map((box) => boxIou(surest, box));
    const voters = waiting.filter((_, i) => i === 0 || overlaps[i]! >= HAS_A_SAY);
    const votes = voters.reduce((sum, { score }) => sum + score, 0);
    const vote = (side: keyof Box) =>
      voters.reduce((sum, box) => sum + box.score * box[side], 0) / votes;
    const [left, top] = [vote("left"), vote("top")];
    const cut = clipBox({ left, top, width: vote("width"), height: vote("height") }, photo);
    if (cut.width >= 1 && cut.height >= 1) merged.push({ ...cut, score: surest.score });
    waiting = waiting.filter((_, i) => i > 0 && overlaps[i]! < SAME_FACE);
  }
  return merged;
}
