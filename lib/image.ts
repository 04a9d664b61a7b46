/** From the bytes of a photo, whatever its format, to `[size, size, 3]` uint8 RGB. */
import { Image } from "imagescript";
import sharp, { type Sharp } from "sharp";
import type { Box, ImageSet, OnProgress, Sample, Unreadable } from "./types.ts";

/** How a photo becomes an input. */
export interface DecodeOptions {
  /** Side of the square output in pixels. @default 128 */
  size?: number;
  /** The face to cut out, in pixels of the upright photo. @default the whole photo */
  box?: Box;
  /** What to add around the box on each side, as a share of its size. @default 0 */
  margin?: number;
}

const MAX_PIXELS = 2 ** 27;
const MAX_BYTES = 2 ** 28;
const AT_ONCE = 2 * navigator.hardwareConcurrency;

// Parallel over photos, so one thread for each; nothing is read twice, so no cache. The format is
// decided by content, and a vector file or a document is no photo.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ["VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"] });

/**
 * Decodes JPEG, PNG (palette, alpha, 16 bits), WEBP, GIF, TIFF or AVIF, by content. The EXIF orientation
 * is applied, alpha is flattened on white, CMYK and grey become RGB. Resizing is bilinear with
 * anti-aliasing (a triangle filter as wide as the reduction, as Pillow's `BILINEAR`) and does not keep
 * the aspect ratio, as the walkthrough's `cv2.resize` does not.
 *
 * @returns `[size, size, 3]` uint8 RGB in 0..255, row by row
 * @throws {RangeError} if `size` is no positive integer, or the box lies outside the photo
 * @throws {Deno.errors.InvalidData} if the bytes are no readable photo; the message says why
 */
export async function decodeImage(
  bytes: Uint8Array,
  { size = 128, box, margin = 0 }: DecodeOptions = {},
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a positive integer, got ${size}`);
  }
  if (bytes.length === 0) throw new Deno.errors.InvalidData("the file is empty");
  let photo = sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS }).autoOrient();
  try {
    if (box) photo = photo.extract(await cropRegion(photo, box, margin));
    const pixels = await photo
      .resize(size, size, { fit: "fill", kernel: "linear" })
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer();
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    const reason = String((cause as Error).message).split("\n")[0];
    throw new Deno.errors.InvalidData(`not a readable photo: ${reason}`, { cause });
  }
}

/** The box with its margin, cut to the photo. */
async function cropRegion(photo: Sharp, box: Box, margin: number): Promise<Box> {
  const { autoOrient: { width, height } } = await photo.metadata();
  const [x, y] = [box.width * margin, box.height * margin];
  const left = Math.max(0, Math.round(box.left - x));
  const top = Math.max(0, Math.round(box.top - y));
  const right = Math.min(width, Math.round(box.left + box.width + x));
  const bottom = Math.min(height, Math.round(box.top + box.height + y));
  if (right <= left || bottom <= top) {
    throw new RangeError(
      `the box ${JSON.stringify(box)} lies outside the photo of ${width} x ${height} pixels`,
    );
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** As {@linkcode decodeImage}, from a file of at most 256 MiB. */
export async function readImage(file: string, options?: DecodeOptions): Promise<Uint8Array> {
  const { size, isFile } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData("not a file");
  if (size > MAX_BYTES) {
    throw new Deno.errors.InvalidData(`the file has ${size} bytes, more than ${MAX_BYTES}`);
  }
  return await decodeImage(await Deno.readFile(file), options);
}

/**
 * Reads the photos of the samples, several at a time. One that cannot be read is listed in
 * `unreadable` and left out of `samples`; the order is kept.
 *
 * @returns pixels as `[samples.length, size, size, 3]` uint8 RGB in 0..255
 */
export async function loadImages(
  samples: readonly Sample[],
  { size = 128, margin = 0, onProgress }: {
    /** @default 128 */
    size?: number;
    /** Around a sample's box, as a share of its size. @default 0 */
    margin?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<ImageSet> {
  const length = size * size * 3;
  const pixels = new Uint8Array(samples.length * length);
  const failed = new Map<number, Unreadable>();
  let next = 0, done = 0;

  async function readSome() {
    while (next < samples.length) {
      const index = next++;
      const { file, box } = samples[index]!;
      try {
        pixels.set(await readImage(file, { size, box, margin }), index * length);
      } catch (error) {
        failed.set(index, { file, reason: (error as Error).message });
      }
      onProgress?.({ stage: "reading photos", done: ++done, total: samples.length });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, readSome));

  const read = samples.keys().filter((index) => !failed.has(index)).toArray();
  read.forEach((from, to) => pixels.copyWithin(to * length, from * length, (from + 1) * length));
  return {
    size,
    pixels: pixels.subarray(0, read.length * length),
    samples: read.map((index) => samples[index]!),
    unreadable: [...failed].sort(([a], [b]) => a - b).map(([, problem]) => problem),
  };
}

/**
 * Encodes pixels for people to look at.
 *
 * @param pixels `[size, size, 3]` uint8 RGB in 0..255
 * @returns a PNG file's bytes
 */
export async function encodePng(pixels: Uint8Array, size: number): Promise<Uint8Array> {
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
  { pixels, size, samples }: ImageSet,
  indices: readonly number[],
  captions: readonly string[] = indices.map((index) => samples[index]!.className),
): Promise<{ bytes: Uint8Array; caption: string }[]> {
  const length = size * size * 3;
  return await Promise.all(indices.map(async (index, place) => ({
    bytes: await encodePng(pixels.subarray(index * length, (index + 1) * length), size),
    caption: captions[place]!,
  })));
}
