/** The size of a photo, of which only the header is read. */
import sharp from "npm:sharp@0.35.5";
import type { Size } from "../boxes.ts";
import { readHeader, readPhoto } from "./decode.ts";

/**
 * Reads how large a photo is stored, and how it is turned when it is decoded.
 *
 * @returns its stored size in pixels, and EXIF's orientation: 1 (upright) to 8. An AVIF is stored upright for
 * this purpose, and a WEBP is not turned.
 * @throws {Deno.errors.InvalidData} if it is not a photo
 * @example
 * ```ts
 * import { readPhotoSize } from "./photo_size.ts";
 * import sharp from "sharp";
 *
 * const file = await Deno.makeTempFile({ suffix: ".jpg" });
 * const grey = { width: 4, height: 3, channels: 3, background: "grey" } as const;
 * await sharp({ create: grey }).withMetadata({ orientation: 6 }).jpeg().toFile(file);
 * console.log(await readPhotoSize(file)); // { width: 4, height: 3, orientation: 6 }
 * await Deno.remove(file);
 * ```
 */
export async function readPhotoSize(file: string): Promise<Size & { orientation: number }> {
  // The header alone is read where that does; else the whole file may tell better why it cannot be read.
  const { width, height, format, orientation = 1 } = await sharp(file).metadata()
    .catch(async () => await readHeader(await readPhoto(file)));
  return { width, height, orientation: format === "webp" ? 1 : orientation };
}
