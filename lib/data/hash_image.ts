/** Hashes photos, so that near-duplicates have similar hashes. */
import { type Affine, DISC, makeThumbnail, SIDE, type Thumbnail, turn, viewDisc } from "./align.ts";

/** The number of frequencies along each axis, from 0. */
const FREQUENCIES = 8;
/** `[frequency][pixel]` of the discrete cosine transform of a row of `SIDE` pixels. */
const COSINES = Array.from(
  { length: FREQUENCIES },
  (_, frequency) =>
    Float64Array.from(
      { length: SIDE },
      (_, pixel) => Math.cos(Math.PI * frequency * (pixel + 0.5) / SIDE),
    ),
);

/**
 * Hashes a photo. Versions of it in other sizes, sharpness, brightness and compression differ in few of the 63
 * bits.
 *
 * Source: the DCT hash of C. Zauner, "Implementation and benchmarking of perceptual image hash
 * functions", 2010, https://www.phash.org/docs/pubs/thesis_zauner.pdf. It reduces a photo to 32 x 32 grey levels,
 * with one bit for each of 8 x 8 low frequencies. Two changes: a bit is the sign of its coefficient, not the
 * comparison with the median, which is near 0. So the hash of the mirror image is the same with the odd
 * horizontal frequencies, the upper 32 bits, inverted. And only the disc within the square counts, so that the
 * black corners of a rotated version do not matter.
 *
 * @param pixels `[size, size, 3]` uint8 RGB in 0..255.
 * @param size Side in pixels, 32 or more.
 * @throws {RangeError} if `size` is less than 32, or `pixels` do not match it
 * @example
 * ```ts
 * import { hashImage } from "./hash_image.ts";
 *
 * const dark = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => i % 97);
 * const bright = dark.map((level) => level + 50);
 * console.log(hashImage(dark, 64) === hashImage(bright, 64)); // true
 * ```
 */
export function hashImage(pixels: Uint8Array, size: number): bigint {
  checkPixels(pixels, size, 1);
  const [even, odd] = hashView(makeThumbnail(pixels, size), turn(0));
  return BigInt(even >>> 0) | BigInt(odd >>> 0) << 32n;
}

/** A hash as two 32-bit words: of the even horizontal frequencies, and of the odd ones. */
export type Hash = [even: number, odd: number];

/** Hashes the disc of a mapped thumbnail. */
export function hashView(thumbnail: Thumbnail, map: Affine): Hash {
  const { grey } = viewDisc(thumbnail, map);
  const mean = grey.reduce((sum, level) => sum + level, 0) / grey.length;
  const rows = new Float64Array(SIDE * FREQUENCIES);
  for (let i = 0; i < DISC.length; i++) {
    const x = DISC[i]! % SIDE, row = (DISC[i]! - x) / SIDE;
    for (let across = 0; across < FREQUENCIES; across++) {
      rows[row * FREQUENCIES + across]! += (grey[i]! - mean) * COSINES[across]![x]!;
    }
  }
  const hash: Hash = [0, 0];
  for (let bit = 1; bit < FREQUENCIES ** 2; bit++) {
    const across = bit % FREQUENCIES, down = COSINES[Math.floor(bit / FREQUENCIES)]!;
    let coefficient = 0;
    for (let y = 0; y < SIDE; y++) coefficient += rows[y * FREQUENCIES + across]! * down[y]!;
    if (coefficient > 0) hash[across % 2]! |= 1 << (bit >> 1);
  }
  return hash;
}

/** Throws unless `pixels` are `count` photos of a size that is large enough to hash. */
export function checkPixels(pixels: Uint8Array, size: number, count: number): void {
  if (!Number.isInteger(size) || size < SIDE) {
    throw new RangeError(`size must be an integer of at least ${SIDE}, got ${size}`);
  }
  const needed = count * size * size * 3;
  if (pixels.length !== needed) {
    throw new RangeError(`pixels must be ${needed} bytes, got ${pixels.length}`);
  }
}
