/** Decodes one photo, whatever its format: to a square input, or whole. */
import { decodeWhole, readPhoto, resizeBox, resizeFile } from "./decode.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/** How a photo becomes an input. */
export interface DecodeOptions {
  /** Side of the square output in pixels. @default 128 */
  size?: number;
  /** The face to cut out, in pixels of the upright photo. @default the whole photo */
  box?: Box;
  /** What to add around the box on each side, as a share of its size. @default 0 */
  margin?: number;
}

/**
 * Decodes JPEG, PNG (palette, alpha, 16 bits), WEBP, GIF, TIFF or AVIF, by content. Gives the photo upright
 * as browsers show it: by the EXIF of JPEG, PNG and TIFF and the rotation of AVIF, while WEBP's EXIF turns
 * nothing. Of an animation and of several pages, decodes the first. Alpha is flattened on white; CMYK and
 * grey become RGB. Resizing is bilinear with anti-aliasing (a triangle filter as wide as the reduction, as
 * Pillow's `BILINEAR`) and does not keep the aspect ratio, as the walkthrough's `cv2.resize` does not.
 *
 * @returns `[size, size, 3]` uint8 RGB in 0..255, row by row
 * @throws {RangeError} if `size` is no positive integer, or the box lies outside the photo
 * @throws {Deno.errors.InvalidData} if the bytes are not a readable photo; the message says why, such as
 * "HEIC cannot be read: save it as JPEG"
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

/** As {@linkcode decodeImage}, from a file of at most 256 MiB. */
export async function readImage(file: string, options?: DecodeOptions): Promise<Uint8Array> {
  return await decodeImage(await readPhoto(file), options);
}

/**
 * Decodes a whole photo at its full size, in the way of {@linkcode decodeImage}.
 *
 * @param photo The bytes of a file, or the path of one of at most 256 MiB.
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is no readable photo; the message says why
 */
export async function decodePhoto(photo: Uint8Array | string): Promise<Photo> {
  const bytes = typeof photo === "string" ? await readPhoto(photo) : photo;
  const { data, info: { width, height } } = await decodeWhole(bytes);
  return { width, height, pixels: data };
}

/**
 * Gives a decoded photo, or a box of it, another size, in the way of {@linkcode decodeImage}.
 *
 * @returns `[height, width, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if the box lies outside the photo
 */
export async function resizePhoto(
  { width, height, pixels }: Photo,
  size: { width: number; height: number },
  { box = { left: 0, top: 0, width, height }, margin = 0 }: Omit<DecodeOptions, "size"> = {},
): Promise<Uint8Array> {
  return await resizeBox({ data: pixels, info: { width, height, channels: 3 } }, box, margin, size);
}

/** @throws {RangeError} if `size` is no positive integer */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a positive integer, got ${size}`);
  }
}
