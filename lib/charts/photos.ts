/** Shows photos of a set in a notebook. */
import { Image } from "npm:imagescript@1.3.1";
import { type PixelSet, viewPixels } from "../photo.ts";
import type { ImageSet } from "../types.ts";
import { DISPLAY, type Displayable, showImages, type ShowImagesOptions } from "./show.ts";

/**
 * Shows photos of a set, in rows that wrap in narrow notebooks.
 *
 * @throws {RangeError} if `captions` are not one per index, or an option of `showImages` is out of range
 * @example
 * ```ts
 * import { DISPLAY, showPhotos } from "./mod.ts";
 *
 * const samples = [{ className: "with_mask" as const }];
 * const photos = { size: 1, pixels: Uint8Array.of(255, 0, 0), samples };
 * const bundle = await showPhotos(photos, [0])[DISPLAY]();
 * console.log(bundle["text/plain"]); // [picture] with_mask
 * ```
 */
export function showPhotos(
  images: PixelSet & { samples?: readonly Pick<ImageSet["samples"][number], "className">[] },
  indices: readonly number[],
  { captions, ...options }: ShowImagesOptions & {
    /** One per index. @default the class names */
    captions?: readonly string[];
  } = {},
): Displayable {
  if (captions && captions.length !== indices.length) {
    throw new RangeError(
      `captions must be ${indices.length}, one per photo, got ${captions.length}`,
    );
  }
  showImages([], options); // checks the options now, not when the photos are shown
  const encode = (index: number) => toImage(viewPixels(images, index), images.size).encode();
  const captionOf = (index: number, i: number) =>
    captions?.[i] ?? images.samples?.[index]?.className ?? "";
  return {
    [DISPLAY]: async () => {
      const pictures = await Promise.all(
        indices.map(async (index, i) => ({
          bytes: await encode(index),
          caption: captionOf(index, i),
        })),
      );
      return showImages(pictures, options)[DISPLAY]();
    },
  };
}

/** A photo of a set as a JPEG file's bytes, at its own size. */
export async function encodeJpeg(images: PixelSet, index: number): Promise<Uint8Array> {
  return await toImage(viewPixels(images, index), images.size).encodeJPEG(85);
}

/** @param pixels `[size, size, 3]` uint8 RGB in 0..255 */
function toImage(pixels: Uint8Array, size: number): Image {
  const picture = new Image(size, size);
  for (let i = 0; i < size * size; i++) {
    picture.bitmap.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  }
  return picture;
}
