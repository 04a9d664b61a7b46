/** Moves the SSD's boxes to where people draw theirs. Plain arithmetic. */
import type { FaceBox } from "./face_network.ts";

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

/** Moves a box, in pixels of the network's input, to where people would have drawn it. */
export function correctBox(box: FaceBox): FaceBox {
  const terms = [1, Math.log(box.width / 50), Math.log(box.height / 50)];
  const [right, down, wider, taller] = [0, 1, 2, 3].map((column) =>
    terms.reduce((sum, term, row) => sum + term * CORRECTION[row]![column]!, 0)
  ) as [number, number, number, number];
  const width = box.width * Math.exp(wider), height = box.height * Math.exp(taller);
  return {
    left: box.left + (0.5 + right) * box.width - width / 2,
    top: box.top + (0.5 + down) * box.height - height / 2,
    width,
    height,
    score: box.score,
  };
}
