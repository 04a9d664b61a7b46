/** Converts RGB or RGBA pixels to a photo. */
import type { Photo } from "../photo.ts";

/** A decoded, upright photo: rows of RGB, or of RGBA as in a canvas's `ImageData`. */
export type Pixels =
  | { width: number; height: number; pixels: Uint8Array | Uint8ClampedArray }
  | { width: number; height: number; data: Uint8Array | Uint8ClampedArray };

/**
 * Reads RGB from the pixels of a decoded photo. Transparent pixels are flattened on white.
 *
 * @returns the photo; RGB input shares its bytes
 * @throws {RangeError} if the number of bytes does not match the size
 * @example
 * ```ts
 * import { readRgb } from "./read_rgb.ts";
 *
 * const canvas = { width: 1, height: 1, data: Uint8ClampedArray.of(0, 100, 200, 255) };
 * console.log(readRgb(canvas).pixels); // 0, 100, 200
 * ```
 */
export function readRgb(photo: Pixels): Photo {
  const { width, height } = photo;
  const bytes = "pixels" in photo ? photo.pixels : photo.data;
  const isSize = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (!isSize) {
    throw new RangeError(`photo must have positive integer sides, got ${width} x ${height}`);
  }
  const channels = bytes.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw new RangeError(
      `pixels must be 3 or 4 bytes per pixel of ${width} x ${height}, got ${bytes.length} bytes`,
    );
  }
  const pixels = channels === 3
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : new Uint8Array(width * height * 3);
  if (channels === 4) {
    for (let from = 0, to = 0; to < pixels.length; from += 4) {
      const alpha = bytes[from + 3]! / 255;
      for (let i = 0; i < 3; i++) {
        pixels[to++] = Math.round(255 + (bytes[from + i]! - 255) * alpha);
      }
    }
  }
  return { width, height, pixels };
}
