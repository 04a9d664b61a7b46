/** From the numbers of the detector's heads to boxes. Plain arithmetic, no TensorFlow. */
import type { Box } from "../types.ts";

/** What one head says: for each cell, four numbers for each anchor's box, then each anchor's logit. */
export interface HeadOutput {
  rows: number;
  columns: number;
  /** `[rows, columns, 5 * anchors]` */
  values: Float32Array;
}

/** A box that may hold a face. */
export interface FaceBox extends Box {
  /** How sure the detector is, in 0..1. */
  score: number;
}

/** Pixels from cell to cell of each grid. */
const STRIDES = [16, 32, 64, 128, 256, 512];
/** The height and the width in pixels of the anchors of each grid: scales 0.2 to 0.95 of 512 pixels. */
const ANCHORS = makeAnchors();

/**
 * Scales and aspect ratios as in W. Liu et al., "SSD: Single Shot MultiBox Detector", 2016, section 2.2,
 * https://arxiv.org/abs/1512.02325, with a reduced finest grid, as in TensorFlow's `ssd_anchor_generator`.
 */
function makeAnchors(): [height: number, width: number][][] {
  const scales = STRIDES.map((_, grid) => 0.2 + 0.15 * grid);
  return scales.map((scale, grid) => {
    const shape = (size: number, ratio: number): [number, number] => [
      512 * size / Math.sqrt(ratio),
      512 * size * Math.sqrt(ratio),
    ];
    if (grid === 0) return [shape(0.1, 1), shape(scale, 2), shape(scale, 1 / 2)];
    const between = Math.sqrt(scale * (scales[grid + 1] ?? 1));
    const ratios = [2, 1 / 2, 3, 1 / 3];
    return [shape(scale, 1), shape(between, 1), ...ratios.map((ratio) => shape(scale, ratio))];
  });
}

/**
 * Reads the boxes off the heads.
 *
 * @returns boxes in pixels of the network's input, of a score of `minScore` and more, in no order
 */
export function decodeHeads(heads: readonly HeadOutput[], minScore: number): FaceBox[] {
  const minLogit = Math.log(minScore / (1 - minScore));
  const boxes: FaceBox[] = [];
  for (const [grid, { rows, columns, values }] of heads.entries()) {
    const anchors = ANCHORS[grid]!, stride = STRIDES[grid]!;
    const channels = 5 * anchors.length;
    for (let cell = 0; cell < rows * columns; cell++) {
      for (const [i, [height, width]] of anchors.entries()) {
        const logit = values[cell * channels + 4 * anchors.length + i]!;
        if (logit < minLogit) continue;
        const at = cell * channels + 4 * i;
        // As SSD encodes them: offsets in tenths of the anchor's size, sizes as logarithms in fifths.
        const y = (Math.floor(cell / columns) + 0.5) * stride + values[at]! / 10 * height;
        const x = (cell % columns + 0.5) * stride + values[at + 1]! / 10 * width;
        const [tall, wide] = [
          height * Math.exp(values[at + 2]! / 5),
          width * Math.exp(values[at + 3]! / 5),
        ];
        boxes.push({
          left: x - wide / 2,
          top: y - tall / 2,
          width: wide,
          height: tall,
          score: 1 / (1 + Math.exp(-logit)),
        });
      }
    }
  }
  return boxes;
}
