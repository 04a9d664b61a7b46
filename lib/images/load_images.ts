/** From the bytes of a photo, whatever its format, to `[size, size, 3]` uint8 RGB. */
import { Image } from "imagescript";
import sharp from "sharp";
import { Budget } from "./budget.ts";
import {
  countPixels,
  decodeWhole,
  MAX_PIXELS,
  readPhoto,
  resizeBox,
  resizeFile,
  type Whole,
} from "./decode.ts";
import { cachePixels, type ReadPixels } from "./image_cache.ts";
import {
  type Box,
  FACE_MARGIN,
  type ImageSet,
  type OnProgress,
  type Sample,
  viewPixels,
} from "../types.ts";

/** How a photo becomes an input. */
export interface DecodeOptions {
  /** Side of the square output in pixels. @default 128 */
  size?: number;
  /** The face to cut out, in pixels of the upright photo. @default the whole photo */
  box?: Box;
  /** What to add around the box on each side, as a share of its size. @default 0 */
  margin?: number;
}

/** To be raised whenever the same photo gives other pixels than before, as after another decoder's version. */
const VERSION = 2;
/** Errors that a file gives again, as long as it stays what it is. */
const LASTING = [Deno.errors.InvalidData, Deno.errors.NotFound, RangeError];
/** Except those that tell of the machine: the words of libvips, libheif, C++ and V8. */
const SHORTAGE = /out of memory|allocat|bad_alloc|create thread/i;
const AT_ONCE = 2 * navigator.hardwareConcurrency;

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
 * Reads the photos of the samples, several at a time, as long as those have no more pixels than the largest
 * photo may have (67 million, 200 MB); one with several faces is read and decoded once.
 * What cannot be read is listed in `unreadable`, each problem of a file once, and left out of `samples`;
 * the order is kept.
 *
 * @returns pixels as `[samples.length, size, size, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if `size` is no positive integer
 */
export async function loadImages(
  samples: readonly Sample[],
  { size = 128, margin = FACE_MARGIN, cache = false, onProgress }: {
    /** @default 128 */
    size?: number;
    /** Around a sample's box on each side, as a share of its size. @default 0.15 */
    margin?: number;
    /** A folder to keep the pixels in, for the next time. @default false */
    cache?: string | false;
    onProgress?: OnProgress;
  } = {},
): Promise<ImageSet> {
  checkSize(size);
  const read = () => readSamples(samples, { size, margin, onProgress });
  const settings = { VERSION, versions: sharp.versions, size, margin };
  const { pixels, failed } = cache
    ? await cachePixels(cache, samples, settings, read)
    : await read();
  const missing = new Set(failed.map(([index]) => index));
  const problems = failed.map(([index, reason]) => ({ file: samples[index]!.file, reason }));
  return {
    size,
    pixels,
    samples: samples.filter((_, index) => !missing.has(index)),
    unreadable: [...new Map(problems.map((it) => [`${it.file}: ${it.reason}`, it])).values()],
  };
}

async function readSamples(
  samples: readonly Sample[],
  { size, margin, onProgress }: { size: number; margin: number; onProgress?: OnProgress },
): Promise<ReadPixels> {
  const length = size * size * 3;
  const pixels = new Uint8Array(samples.length * length);
  const failed = new Map<number, Error>();
  const files = [...Map.groupBy(samples.keys(), (index) => samples[index]!.file)];
  const square = { width: size, height: size };
  const decoding = new Budget(MAX_PIXELS);
  let next = 0, done = 0;

  async function readFile(file: string, indices: number[]) {
    try {
      const bytes = await readPhoto(file);
      await decoding.run(await countPixels(bytes), () => readFaces(bytes, indices));
    } catch (error) {
      for (const index of indices) failed.set(index, error as Error);
    }
  }
  async function readFaces(bytes: Uint8Array, indices: number[]) {
    let whole: Promise<Whole> | undefined; // so that what fails once is not tried again
    for (const index of indices) {
      const { box } = samples[index]!;
      try {
        const face = box
          ? resizeBox(await (whole ??= decodeWhole(bytes)), box, margin, square)
          : resizeFile(bytes, size);
        pixels.set(await face, index * length);
      } catch (error) {
        failed.set(index, error as Error);
      }
    }
  }

  async function readSome() {
    while (next < files.length) {
      const [file, indices] = files[next++]!;
      await readFile(file, indices);
      done += indices.length;
      onProgress?.({ stage: "reading photos", done, total: samples.length });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, readSome));
  // libvips keeps the messages of all its threads in one place: alone, each photo gets its own.
  for (const [file, indices] of files) {
    const damaged = indices.filter((index) => failed.get(index) instanceof Deno.errors.InvalidData);
    for (const index of damaged) failed.delete(index);
    if (damaged.length > 0) await readFile(file, damaged);
  }

  const read = samples.keys().filter((index) => !failed.has(index)).toArray();
  read.forEach((from, to) => pixels.copyWithin(to * length, from * length, (from + 1) * length));
  return {
    pixels: pixels.subarray(0, read.length * length),
    failed: [...failed].map(([index, { message }]): [number, string] => [index, message])
      .sort(([a], [b]) => a - b),
    isLasting: failed.values().every((error) =>
      LASTING.some((kind) => error instanceof kind) && !SHORTAGE.test(error.message)
    ),
  };
}

function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a positive integer, got ${size}`);
  }
}

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
  images: ImageSet,
  indices: readonly number[],
  captions: readonly string[] = indices.map((index) => images.samples[index]!.className),
): Promise<{ bytes: Uint8Array; caption: string }[]> {
  return await Promise.all(indices.map(async (index, place) => ({
    bytes: await encodePng(viewPixels(images, index), images.size),
    caption: captions[place]!,
  })));
}

/** A whole photo in memory. */
export interface Photo {
  width: number;
  height: number;
  /** `[height, width, 3]` uint8 RGB in 0..255, upright */
  pixels: Uint8Array;
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
