/** What the detector should say of a crop: heat map, sizes and offsets. Plain arithmetic. */
import type { Size } from "../boxes.ts";
import { STRIDE } from "../detection/decode_centers.ts";
import type { Box } from "../types.ts";

/** A face of a crop, or an area of which nothing is known. */
export interface Target {
  /** In pixels of the crop. */
  box: Box;
  /** Whether there may be a face or not: the heat map is not judged there. */
  isIgnored: boolean;
}

/** Of one crop, cell after cell of its grid. */
export interface Targets {
  /** 1 at a face's centre, falling to 0 around it. */
  heat: Float32Array;
  /** 1 where the heat map is judged, else 0. */
  mask: Float32Array;
  /** 1 at the cells of centres, else 0. */
  centres: Float32Array;
  /** Two for each cell: logarithms of height and width in cells. */
  sizes: Float32Array;
  /** Two for each cell: down and right of the cell's middle, in cells. */
  offsets: Float32Array;
}

/** Shorter sides in pixels of the crop from which a face is to be found. */
const LEAST_SIDE = 5;
/**
 * The peak's standard deviation, as a share of the face's side: people draw boxes whose centres differ by that.
 * With CenterNet's radius, large faces lost their scores.
 */
const DEVIATION = 0.1;
/** Of the smallest faces, in cells. */
const LEAST_DEVIATION = 0.5;

/**
 * Draws the targets.
 *
 * Source: Zhou et al., 2019, Objects as Points, section 3, https://arxiv.org/abs/1904.07850
 *
 * @param content Of the crop, in pixels: what is right of it and below it is black.
 * @param side Of the square crop, in pixels, a multiple of the stride.
 */
export function drawTargets(targets: readonly Target[], content: Size, side: number): Targets {
  const cells = side / STRIDE;
  const [heat, centres] = [new Float32Array(cells ** 2), new Float32Array(cells ** 2)];
  const [sizes, offsets] = [new Float32Array(2 * cells ** 2), new Float32Array(2 * cells ** 2)];
  const mask = new Float32Array(cells ** 2).fill(1);
  const faces: Box[] = [];
  for (const { box, isIgnored } of targets) {
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const isOutside = x < 0 || y < 0 || x >= content.width || y >= content.height;
    if (isIgnored || isOutside || Math.min(box.width, box.height) < LEAST_SIDE) {
      fillBox(mask, box, cells);
    } else faces.push(box);
  }
  for (const { left, top, width, height } of faces) {
    const [x, y] = [(left + width / 2) / STRIDE, (top + height / 2) / STRIDE];
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const deviation = Math.max(LEAST_DEVIATION, DEVIATION * Math.sqrt(width * height) / STRIDE);
    addPeak(heat, { row, column, cells }, deviation);
    const cell = row * cells + column;
    heat[cell] = mask[cell] = centres[cell] = 1;
    sizes.set([Math.log(height / STRIDE), Math.log(width / STRIDE)], 2 * cell);
    offsets.set([y - row - 0.5, x - column - 0.5], 2 * cell);
  }
  return { heat, mask, centres, sizes, offsets };
}

/** Sets the cells of a box to 0. */
function fillBox(mask: Float32Array, { left, top, width, height }: Box, cells: number): void {
  const lastRow = Math.min(cells, (top + height) / STRIDE);
  const lastColumn = Math.min(cells, (left + width) / STRIDE);
  for (let row = Math.max(0, Math.floor(top / STRIDE)); row < lastRow; row++) {
    for (let column = Math.max(0, Math.floor(left / STRIDE)); column < lastColumn; column++) {
      mask[row * cells + column] = 0;
    }
  }
}

function addPeak(
  heat: Float32Array,
  { row, column, cells }: { row: number; column: number; cells: number },
  deviation: number,
): void {
  const reach = Math.ceil(3 * deviation);
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      const [y, x] = [row + down, column + right];
      if (y < 0 || x < 0 || y >= cells || x >= cells) continue;
      const value = Math.exp(-(right ** 2 + down ** 2) / (2 * deviation ** 2));
      heat[y * cells + x] = Math.max(heat[y * cells + x]!, value);
    }
  }
}
