/** Resizes photos in plain arithmetic, for browsers. */
import { cropBox } from "../boxes.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/**
 * Crops a box from a photo and resizes it, as `resizePhoto` does: bilinear, with a triangle filter as wide as
 * the reduction. For reductions by four or more, it first averages squares of pixels, as libvips does. The two
 * agree within two levels of 255.
 *
 * @param options.box In pixels of the photo. @default the whole photo
 * @param options.margin Added around the box on each side, as a share of its size. @default 0
 * @returns `[height, width, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if the box lies outside the photo
 * @example
 * ```ts
 * import { resamplePhoto } from "./resample.ts";
 *
 * const photo = { width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 200, 100, 50) };
 * const [red, green, blue] = resamplePhoto(photo, { width: 1, height: 1 });
 * console.assert(red === 100 && green === 50 && blue === 25);
 * ```
 */
export function resamplePhoto(
  photo: Photo,
  size: { width: number; height: number },
  { box = { left: 0, top: 0, width: photo.width, height: photo.height }, margin = 0 }: {
    box?: Box;
    margin?: number;
  } = {},
): Uint8Array {
  const { left, top, width, height } = cropBox(box, photo, margin);
  // When enlarging, libvips shifts both axes by half a pixel of the result.
  const isShifted = size.width > width || size.height > height;
  const rows = planAxis(top, height, size.height, isShifted);
  return resampleRows(photo, rows, planAxis(left, width, size.width, isShifted));
}

/** One row or column of the result, as a weighted sum of those of the photo. */
interface Mix {
  first: number;
  weights: Float32Array;
}

/** Plans one axis: each of `to` positions is a mix of those in `start <= position < start + length`. */
function planAxis(start: number, length: number, to: number, isShifted: boolean): Mix[] {
  const square = Math.max(1, Math.floor(length / to / 2));
  const last = Math.ceil(length / square) - 1;
  const step = length / to / square;
  const reach = Math.max(1, step);
  // Positions beyond the edges repeat the outermost pixels.
  const clamp = (at: number, last: number) => Math.min(last, Math.max(0, at));
  const centreOf = (index: number) => (index + (step < 1 ? 0 : 0.5)) * step - 0.5;
  return Array.from({ length: to }, (_, index) => {
    const indices = isShifted && step >= 1 ? [Math.max(0, index - 1), index] : [index];
    const first = square * clamp(Math.ceil(centreOf(indices[0]!) - reach), last);
    const end = square * (clamp(Math.floor(centreOf(index) + reach), last) + 1);
    const weights = new Float32Array(Math.min(end, length) - first);
    for (const centre of indices.map(centreOf)) {
      for (let i = Math.ceil(centre - reach); i <= Math.floor(centre + reach); i++) {
        for (let j = 0; j < square; j++) {
          const at = clamp(square * clamp(i, last) + j, length - 1);
          weights[at - first]! += 1 - Math.abs(i - centre) / reach;
        }
      }
    }
    const sum = weights.reduce((sum, weight) => sum + weight);
    return { first: start + first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Mixes rows, then columns; rounds to integers in between, as in libvips. */
function resampleRows({ width, pixels }: Photo, rows: Mix[], columns: Mix[]): Uint8Array {
  const result = new Uint8ClampedArray(rows.length * columns.length * 3);
  const begin = 3 * columns[0]!.first;
  const { first, weights } = columns.at(-1)!;
  const row = new Uint8ClampedArray(3 * (first + weights.length) - begin);
  const sums = new Float32Array(row.length);
  let out = 0;
  for (const { first, weights } of rows) {
    sums.fill(0);
    for (const [i, weight] of weights.entries()) {
      const from = 3 * width * (first + i) + begin;
      for (let j = 0; j < sums.length; j++) sums[j]! += weight * pixels[from + j]!;
    }
    row.set(sums);
    for (const { first, weights } of columns) {
      let red = 0, green = 0, blue = 0, at = 3 * first - begin;
      for (let i = 0; i < weights.length; i++) {
        const weight = weights[i]!;
        red += weight * row[at++]!;
        green += weight * row[at++]!;
        blue += weight * row[at++]!;
      }
      result[out++] = red;
      result[out++] = green;
      result[out++] = blue;
    }
  }
  return new Uint8Array(result.buffer);
}
