/** From the numbers of the detector's outputs to boxes. Plain arithmetic, no TensorFlow. */
import type { FaceBox } from "./face_network.ts";

/** Pixels of the input from cell to cell of the grid. */
export const STRIDE = 4;

/** What the network says of each cell of its grid, row after row. */
export interface CenterOutput {
  columns: number;
  /** How sure the network is that a face has its centre there, in 0..1. */
  heat: Float32Array;
  /** Two for each cell: logarithms of the face's height and width in cells. */
  sizes: Float32Array;
  /** Two for each cell: how far down and right of the cell's middle the centre is, in cells. */
  offsets: Float32Array;
}

/**
 * Reads the boxes off the outputs. Cells beside a centre give boxes too: `mergeBoxes` lets them have a say.
 *
 * @returns boxes in pixels of the network's input, of a score of `minScore` and more, in no order
 */
export function decodeCenters(
  { columns, heat, sizes, offsets }: CenterOutput,
  minScore: number,
): FaceBox[] {
  const boxes: FaceBox[] = [];
  for (let cell = 0; cell < heat.length; cell++) {
    const score = heat[cell]!;
    if (!(score >= minScore)) continue;
    const height = STRIDE * Math.exp(sizes[2 * cell]!);
    const width = STRIDE * Math.exp(sizes[2 * cell + 1]!);
    const y = STRIDE * (Math.floor(cell / columns) + 0.5 + offsets[2 * cell]!);
    const x = STRIDE * (cell % columns + 0.5 + offsets[2 * cell + 1]!);
    boxes.push({ left: x - width / 2, top: y - height / 2, width, height, score });
  }
  return boxes;
}
