/** Decodes one photo of any supported format: to a square input, or at full size. */
import { decodeWhole, readPhoto, resizeBox, resizeFile } from "./decode.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /** Side of the square output in pixels. @default 128 */
  size?: number;
  /** The face to crop, in pixels of the upright photo. @default the whole photo */
  box?: Box;
  /** Added around the box on each side, as a share of its size. @default 0 */
  margin?: number;
}

/**
 * Decodes a JPEG, PNG (palette, alpha, 16 bits), WEBP, GIF, TIFF or AVIF file, identified by content, and
 * resizes it to a square.
 *
 * - The result is upright, as in browsers: by EXIF for JPEG, PNG and TIFF, by the rotation for AVIF. The EXIF
 *   of WEBP is ignored.
 * - Only the first frame or page is decoded. Alpha is flattened on white; CMYK and grey become RGB.
 * - Resizing is bilinear with anti-aliasing: a triangle filter as wide as the reduction, as in Pillow's
 *   `BILINEAR`. It does not keep the aspect ratio, like the walkthrough's `cv2.resize`.
 *
 * @returns `[size, size, 3]` uint8 RGB in 0..255, row by row
 * @throws {RangeError} if `size` is not a positive integer, or the box lies outside the photo
 * @throws {Deno.errors.InvalidData} if the bytes are not a readable photo, with the reason, such as
 * "HEIC cannot be read: save it as JPEG"
 * @example
 * ```ts
 * import { decodeImage } from "./decode_image.ts";
 * import sharp from "sharp";
 *
 * const grey = { width: 4, height: 3, channels: 3, background: "grey" } as const;
 * const png = await sharp({ create: grey }).png().toBuffer();
 * console.log((await decodeImage(png, { size: 32 })).length); // 3072
 * ```
 */
export async function decodeImage(
  bytes: Uint8Array,
  { size = 128, box, margin = 0 }: DecodeOptions = {},
): Promise<Uint8Array> {
  checkSize(size);
  return box
    ? await resizeBox(await decodeWhole(bytes), box, margin, { width: size, height: size })
    : await resizeFile(bytes, size);
}

/** Decodes a file of at most 256 MiB, as {@linkcode decodeImage} does. */
export async function readImage(file: string, options?: DecodeOptions): Promise<Uint8Array> {
  return await decodeImage(await readPhoto(file), options);
}

/**
 * Decodes a photo at its full size, as {@linkcode decodeImage} does.
 *
 * @param photo The bytes of a file, or the path of one of at most 256 MiB.
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is not a readable photo, with the reason
 * @example
 * ```ts
 * import { decodePhoto } from "./decode_image.ts";
 * import sharp from "sharp";
 *
 * const grey = { width: 4, height: 3, channels: 3, background: "grey" } as const;
 * const png = await sharp({ create: grey }).png().toBuffer();
 * const { width, height } = await decodePhoto(png);
 * console.log(width, height); // 4 3
 * ```
 */
export async function decodePhoto(photo: Uint8Array | string): Promise<Photo> {
  const bytes = typeof photo === "string" ? await readPhoto(photo) : photo;
  const { data, info: { width, height } } = await decodeWhole(bytes);
  return { width, height, pixels: data };
}

/**
 * Resizes a decoded photo, or a box of it, as {@linkcode decodeImage} does.
 *
 * @returns `[height, width, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if the box lies outside the photo
 * @example
 * ```ts
 * import { resizePhoto } from "./decode_image.ts";
 *
 * const photo = { width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 200, 100, 50) };
 * const box = { left: 1, top: 0, width: 1, height: 1 };
 * console.log(await resizePhoto(photo, { width: 1, height: 1 }, { box })); // 200, 100, 50
 * ```
 */
export async function resizePhoto(
  { width, height, pixels }: Photo,
  size: { width: number; height: number },
  { box = { left: 0, top: 0, width, height }, margin = 0 }: Omit<DecodeOptions, "size"> = {},
): Promise<Uint8Array> {
  return await resizeBox({ data: pixels, info: { width, height, channels: 3 } }, box, margin, size);
}

/** @throws {RangeError} if `size` is not a positive integer */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a positive integer, got ${size}`);
  }
}
