/** Defines photos in memory, and reads their pixels and colours. */

/** A whole photo in memory. */
export interface Photo {
  width: number;
  height: number;
  /** `[height, width, 3]` uint8 RGB in 0..255, upright */
  pixels: Uint8Array;
}

/** Photos of one size, as bytes: they take a quarter of the memory of floats. */
export interface PixelSet {
  /** Side of each square photo, in pixels. */
  size: number;
  /** `[n, size, size, 3]` uint8 RGB in 0..255 */
  pixels: Uint8Array;
}

/**
 * Views the pixels of `count` photos of a set, starting at index `first`, without copying.
 *
 * @returns `[count, size, size, 3]` uint8 RGB in 0..255
 * @example
 * ```ts
 * import { viewPixels } from "./photo.ts";
 *
 * const images = { size: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };
 * console.log(viewPixels(images, 1)); // 4, 5, 6
 * ```
 */
export function viewPixels({ size, pixels }: PixelSet, first: number, count = 1): Uint8Array {
  const length = size ** 2 * 3;
  return pixels.subarray(first * length, (first + count) * length);
}

/**
 * Counts the photos of a set.
 *
 * @example
 * ```ts
 * import { countPhotos } from "./photo.ts";
 *
 * console.log(countPhotos({ size: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) })); // 2
 * ```
 */
export function countPhotos({ size, pixels }: PixelSet): number {
  return pixels.length / (size ** 2 * 3);
}

/** Weights of red, green and blue in the luma, as in JPEG. Source: ITU-R BT.601. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Computes the relative luminance of an sRGB colour.
 *
 * Source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
 *
 * @param rgb Levels in 0..255.
 * @returns 0 (black) to 1 (white)
 * @example
 * ```ts
 * import { relativeLuminance } from "./photo.ts";
 *
 * console.log(relativeLuminance([255, 255, 255])); // 1
 * ```
 */
export function relativeLuminance(rgb: readonly [number, number, number]): number {
  const [red, green, blue] = toLinearLight(rgb);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * Converts sRGB levels in 0..255 to linear light in 0..1.
 *
 * Source: IEC 61966-2-1
 *
 * @example
 * ```ts
 * import { toLinearLight } from "./photo.ts";
 *
 * console.log(toLinearLight([0, 128, 255])); // [0, 0.216, 1], rounded
 * ```
 */
export function toLinearLight(
  rgb: readonly [number, number, number],
): [red: number, green: number, blue: number] {
  return rgb.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
}
