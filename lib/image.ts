/** From the bytes of a photo, whatever its format, to `[size, size, 3]` uint8 RGB. */
import { Image } from "imagescript";
import sharp, { type Sharp } from "sharp";
import { cachePixels, type ReadPixels } from "./image_cache.ts";
import { type Box, FACE_MARGIN, type ImageSet, type OnProgress, type Sample } from "./types.ts";

/** How a photo becomes an input. */
export interface DecodeOptions {
  /** Side of the square output in pixels. @default 128 */
  size?: number;
  /** The face to cut out, in pixels of the upright photo. @default the whole photo */
  box?: Box;
  /** What to add around the box on each side, as a share of its size. @default 0 */
  margin?: number;
}

/** 67 megapixels: 200 MB as RGB, of each photo that is read at once and has boxes. */
const MAX_PIXELS = 2 ** 26;
const MAX_BYTES = 2 ** 28;
/** To be raised whenever the same photo gives other pixels than before. */
const VERSION = 1;
/** Errors that a file gives again, as long as it stays what it is. */
const LASTING = [Deno.errors.InvalidData, Deno.errors.NotFound, RangeError];
const AT_ONCE = 2 * navigator.hardwareConcurrency;

// Parallel over photos, so one thread for each; nothing is read twice, so no cache. The format is
// decided by content, and a vector file or a document is no photo.
sharp.concurrency(1);
sharp.cache(false);
// libjpeg holds all coefficients of a progressive JPEG, for which a few bytes can ask: 6 for each pixel in
// full colour, 3 in usual ones. So it is told where to stop, in the way that it knows.
if (!Deno.env.get("JPEGMEM")) Deno.env.set("JPEGMEM", "256M");
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
  checkSize(size);
  return await resize(box ? cutBox(await decodeWhole(bytes), box, margin) : openPhoto(bytes), size);
}

/** As {@linkcode decodeImage}, from a file of at most 256 MiB. */
export async function readImage(file: string, options?: DecodeOptions): Promise<Uint8Array> {
  return await decodeImage(await readPhoto(file), options);
}

/**
 * Reads the photos of the samples, several at a time; one with several faces is read and decoded once.
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
  let next = 0, done = 0;

  async function readFile(file: string, indices: number[]) {
    // Promises, so that what fails for a file is not tried again for each of its boxes.
    let bytes: Promise<Uint8Array> | undefined, whole: Promise<Whole> | undefined;
    for (const index of indices) {
      const { box } = samples[index]!;
      try {
        bytes ??= readPhoto(file);
        const photo = box
          ? cutBox(await (whole ??= decodeWhole(await bytes)), box, margin)
          : openPhoto(await bytes);
        pixels.set(await resize(photo, size), index * length);
        failed.delete(index);
      } catch (error) {
        failed.set(index, error as Error);
      }
    }
  }
  async function readSome() {
    while (next < files.length) {
      const [file, indices] = files[next++]!;
      await readFile(file, indices);
      onProgress?.({
        stage: "reading photos",
        done: done += indices.length,
        total: samples.length,
      });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, readSome));
  // libvips keeps the messages of all its threads in one place: alone, each photo gets its own.
  for (const [file, indices] of files) {
    const damaged = indices.filter((index) => failed.get(index) instanceof Deno.errors.InvalidData);
    if (damaged.length > 0) await readFile(file, damaged);
  }

  const read = samples.keys().filter((index) => !failed.has(index)).toArray();
  read.forEach((from, to) => pixels.copyWithin(to * length, from * length, (from + 1) * length));
  return {
    pixels: pixels.subarray(0, read.length * length),
    failed: [...failed].map(([index, { message }]): [number, string] => [index, message])
      .sort(([a], [b]) => a - b),
    isLasting: failed.values().every((error) => LASTING.some((kind) => error instanceof kind)),
  };
}

function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a positive integer, got ${size}`);
  }
}

async function readPhoto(file: string): Promise<Uint8Array> {
  const { size, isFile } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData("not a file");
  if (size > MAX_BYTES) {
    throw new Deno.errors.InvalidData(`the file has ${size} bytes, more than ${MAX_BYTES}`);
  }
  return await Deno.readFile(file);
}

/** The photo upright, not decoded yet. */
function openPhoto(bytes: Uint8Array): Sharp {
  if (bytes.length === 0) throw new Deno.errors.InvalidData("the file is empty");
  return sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS }).autoOrient();
}

/** A photo's pixels, upright RGB. */
interface Whole {
  data: Uint8Array;
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

async function decodeWhole(bytes: Uint8Array): Promise<Whole> {
  return await decode(openPhoto(bytes));
}

/** The box with its margin, cut to what the photo has. */
function cutBox({ data, info }: Whole, box: Box, margin: number): Sharp {
  const [x, y] = [box.width * margin, box.height * margin];
  const left = Math.max(0, Math.round(box.left - x));
  const top = Math.max(0, Math.round(box.top - y));
  const right = Math.min(info.width, Math.round(box.left + box.width + x));
  const bottom = Math.min(info.height, Math.round(box.top + box.height + y));
  if (right <= left || bottom <= top) {
    throw new RangeError(
      `the box ${
        JSON.stringify(box)
      } lies outside the photo of ${info.width} x ${info.height} pixels`,
    );
  }
  return sharp(data, { raw: info }).extract({
    left,
    top,
    width: right - left,
    height: bottom - top,
  });
}

async function resize(photo: Sharp, size: number): Promise<Uint8Array> {
  return (await decode(photo.resize(size, size, { fit: "fill", kernel: "linear" }))).data;
}

async function decode(photo: Sharp): Promise<Whole> {
  try {
    const { data, info } = await photo.flatten({ background: "white" }).toColourspace("srgb")
      .raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), info };
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n") as [string];
    // What libvips says of some damaged PNG files, though it has nothing to say.
    const reason = line.replace(/^Unknown error$/, "damaged").replace(/:$/, "");
    throw new Deno.errors.InvalidData(`not a readable photo: ${reason}`, { cause });
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
  const whole: Whole = { data: pixels, info: { width, height, channels: 3 } };
  return (await decode(
    cutBox(whole, box, margin).resize(size.width, size.height, { fit: "fill", kernel: "linear" }),
  )).data;
}
