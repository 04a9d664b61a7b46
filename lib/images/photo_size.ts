/** The size of a photo, of which only the header is read. */
import sharp from "npm:sharp@0.35.5";
import type { Size } from "../boxes.ts";
import { countPixels, readPhoto } from "./decode.ts";

/**
 * Reads how large a photo is stored, and how it is to be turned.
 *
 * @returns its stored size in pixels, and EXIF's orientation: 1 (upright) to 8
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
  try {
    const { width, height, orientation = 1 } = await sharp(file).metadata();
    return { width, height, orientation };
  } catch (cause) {
    await countPixels(await readPhoto(file)); // says better why not
    throw new Deno.errors.InvalidData("not a readable photo", { cause });
  }
}
