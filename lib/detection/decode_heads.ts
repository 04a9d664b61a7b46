/** From the numbers of the detector's heads to boxes. Plain arithmetic, no TensorFlow. */
import type { Box } from "../types.ts";
import type { FaceBox } from "./face_network.ts";

/** What one head says: for each cell, four numbers for each anchor's box, then each anchor's logit. */
export interface HeadOutput {
  rows: number;
  columns: number;
  /** `[rows, columns, 5 * anchors]` */
  values: Float32Array;
}

/** A box as the network gives it, in pixels of its input. */
export interface RawBox extends FaceBox {
  /** The grid whose head gave it: 0 is the finest. */
  grid: number;
}

/** Pixels from cell to cell of each grid. */
export const STRIDES = [16, 32, 64, 128, 256, 512];
/** The height and the width in pixels of the anchors of each grid: scales 0.2 to 0.95 of 512 pixels. */
export const ANCHORS: [height: number, width: number][][] = makeAnchors();

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
export function decodeHeads(heads: readonly HeadOutput[], minScore: number): RawBox[] {
  const minLogit = Math.log(minScore / (1 - minScore));
  const boxes: RawBox[] = [];
  for (const [grid, { rows, columns, values }] of heads.entries()) {
    const anchors = ANCHORS[grid]!, stride = STRIDES[grid]!;
    const channels = 5 * anchors.length;
    for (let cell = 0; cell < rows * columns; cell++) {
      for (const [i, anchor] of anchors.entries()) {
        const logit = values[cell * channels + 4 * anchors.length + i]!;
        if (logit < minLogit) continue;
        const centre = {
          y: (Math.floor(cell / columns) + 0.5) * stride,
          x: (cell % columns + 0.5) * stride,
        };
        const said = values.subarray(cell * channels, (cell + 1) * channels);
        const box = readAnchor(said, i, anchor, centre);
        boxes.push({ ...box, score: 1 / (1 + Math.exp(-logit)), grid });
      }
    }
  }
  return boxes;
}

/**
 * Reads the box of one anchor of a cell, as SSD encodes it: offsets in tenths of the anchor's size, sizes as
 * logarithms in fifths.
 *
 * @param said The numbers of the cell.
 */
export function readAnchor(
  said: Float32Array,
  index: number,
  [height, width]: readonly [height: number, width: number],
  centre: { x: number; y: number },
): Box {
  const [down, right, taller, wider] = said.subarray(4 * index, 4 * index + 4);
  const [tall, wide] = [height * Math.exp(taller! / 5), width * Math.exp(wider! / 5)];
  return {
    left: centre.x + right! / 10 * width - wide / 2,
    top: centre.y + down! / 10 * height - tall / 2,
    width: wide,
    height: tall,
  };
}
