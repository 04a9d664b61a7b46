/** Pixels to pictures for people to look at. */
import { Image } from "imagescript";
import type { ImageSet } from "../types.ts";
import { type PixelSet, viewPixels } from "../photo.ts";

/**
 * Encodes pixels for people to look at.
 *
 * @param pixels `[size, size, 3]` uint8 RGB in 0..255
 * @returns a PNG file's bytes
 */
async function encodePng(pixels: Uint8Array, size: number): Promise<Uint8Array> {
  const picture = new Image(size, size);
  for (let i = 0; i < size * size; i++) {
    picture.bitmap.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  }
  return await picture.encode();
}

/**
 * Some photos of a set, encoded and captioned, ready to be shown.
 *
 * @param captions One for each index. @default their class names
 */
export async function toPictures(
  images: PixelSet & Partial<Pick<ImageSet, "samples">>,
  indices: readonly number[],
  captions: readonly string[] = indices.map((index) => images.samples![index]!.className),
): Promise<{ bytes: Uint8Array; caption: string }[]> {
  return await Promise.all(indices.map(async (index, place) => ({
    bytes: await encodePng(viewPixels(images, index), images.size),
    caption: captions[place]!,
  })));
}
