/** Other sizes of pixels in plain arithmetic, for where `image.ts` cannot go: the browser. */
import { cropBox } from "../boxes.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/**
 * Cuts a box out of a photo and gives it another size, as `resizePhoto` of `image.ts` does: bilinear, with
 * a triangle filter as wide as the reduction. Reductions by four and more begin with the mean of whole
 * squares of pixels, as libvips' do. The two agree within a level or two of 255.
 *
 * @param options.box In pixels of the photo. @default the whole photo
 * @param options.margin What to add around the box on each side, as a share of its size. @default 0
 * @returns `[height, width, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if the box lies outside the photo
 *
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
  // To enlarge, libvips moves both axes half a pixel of the result to the right and down.
  const isShifted = size.width > width || size.height > height;
  const rows = planAxis(top, height, size.height, isShifted);
  return resampleRows(photo, rows, planAxis(left, width, size.width, isShifted));
}

/** What one row or column of the result is the weighted sum of. */
interface Mix {
  first: number;
  weights: Float32Array;
}

/** Plans one axis: each of `to` places as a mix of those in `start <= place < start + length`. */
function planAxis(start: number, length: number, to: number, isShifted: boolean): Mix[] {
  const square = Math.max(1, Math.floor(length / to / 2));
  const last = Math.ceil(length / square) - 1;
  const step = length / to / square;
  const reach = Math.max(1, step);
  // Beyond the edges the outermost pixels go on.
  const clamp = (place: number, last: number) => Math.min(last, Math.max(0, place));
  const centreOf = (place: number) => (place + (step < 1 ? 0 : 0.5)) * step - 0.5;
  return Array.from({ length: to }, (_, place) => {
    const places = isShifted && step >= 1 ? [Math.max(0, place - 1), place] : [place];
    const first = square * clamp(Math.ceil(centreOf(places[0]!) - reach), last);
    const end = square * (clamp(Math.floor(centreOf(place) + reach), last) + 1);
    const weights = new Float32Array(Math.min(end, length) - first);
    for (const centre of places.map(centreOf)) {
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

/** Mixes rows, then the pixels within them; whole numbers in between, as in libvips. */
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
