/** Reads the size of a photo from its header. */
import sharp from "npm:sharp@0.35.5";
import type { Size } from "../boxes.ts";
import { readHeader, readPhoto } from "./decode.ts";

/**
 * Reads the stored size of a photo, and the rotation that decoding applies.
 *
 * @returns its stored size in pixels, and EXIF's orientation: 1 (upright) to 8. For AVIF and WEBP it is 1.
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
  // If the header is not enough, reading the whole file gives a better error.
  const { width, height, format, orientation = 1 } = await sharp(file).metadata()
    .catch(async () => await readHeader(await readPhoto(file)));
  return { width, height, orientation: format === "webp" ? 1 : orientation };
}
