/** Measures, clips and grows bounding boxes. */
import type { Box } from "./types.ts";

/** The size of a photo, or of another area that holds boxes, in pixels. */
export interface Size {
  width: number;
  height: number;
}

/**
 * Computes the intersection over union of two boxes.
 *
 * @returns 0 (disjoint, or without area) to 1 (equal)
 * @example
 * ```ts
 * import { boxIou } from "./boxes.ts";
 *
 * const left = { left: 0, top: 0, width: 2, height: 1 };
 * console.log(boxIou(left, { ...left, left: 1 })); // 1 of 3 pixels
 * ```
 */
export function boxIou(a: Box, b: Box): number {
  const across = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (!(across > 0 && down > 0)) return 0;
  const shared = across * down;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/**
 * Clips a box to a photo. A box outside it gets a width or a height of 0 or less.
 *
 * @example
 * ```ts
 * import { clipBox } from "./boxes.ts";
 *
 * const box = { left: -5, top: 0, width: 10, height: 10 };
 * console.log(clipBox(box, { width: 20, height: 20 })); // { left: 0, top: 0, width: 5, height: 10 }
 * ```
 */
export function clipBox(box: Box, { width, height }: Size): Box {
  const left = Math.max(0, box.left), top = Math.max(0, box.top);
  return {
    left,
    top,
    width: Math.min(width, box.left + box.width) - left,
    height: Math.min(height, box.top + box.height) - top,
  };
}

/**
 * Adds a margin to a box, rounds it to whole pixels and clips it to its photo.
 *
 * @param margin Added on each side, as a share of the box's size.
 * @throws {RangeError} if the box lies outside the photo
 * @example
 * ```ts
 * import { cropBox } from "./boxes.ts";
 *
 * const box = { left: 10, top: 10, width: 20, height: 20 };
 * console.log(cropBox(box, { width: 100, height: 100 }, 0.1).width); // 24
 * ```
 */
export function cropBox(box: Box, photo: Size, margin = 0): Box {
  const [x, y] = [box.width * margin, box.height * margin];
  const left = Math.max(0, Math.round(box.left - x));
  const top = Math.max(0, Math.round(box.top - y));
  const right = Math.min(photo.width, Math.round(box.left + box.width + x));
  const bottom = Math.min(photo.height, Math.round(box.top + box.height + y));
  if (right <= left || bottom <= top) {
    const { width, height } = photo;
    throw new RangeError(
      `box must overlap the photo of ${width} x ${height} pixels, got ${JSON.stringify(box)}`,
    );
  }
  return { left, top, width: right - left, height: bottom - top };
}
