/** Decodes photos, whole or resized, and resizes boxes of them. */
import sharp, { type Metadata, type Sharp } from "npm:sharp@0.35.5";
import { cropBox } from "../boxes.ts";
import type { Box } from "../types.ts";
import { describeExcess, type FileFormat, identifyFile, MAX_PIXELS } from "./file_format.ts";
import { countChannels, readPlainJpeg, resizePlainJpeg } from "./plain_jpeg.ts";

const MAX_BYTES = 2 ** 28;
/** The name of AVIF files whose brands do not say so, and of other files in the same container. */
const MAYBE_AVIF = "HEIF";
/** Formats that can be read; for other known ones, the error names the format. */
const READABLE = ["JPEG", "PNG", "WebP", "GIF", "TIFF", "BigTIFF", "AVIF", MAYBE_AVIF];

// Photos are decoded in parallel, so one thread per photo is enough. No photo is read twice, so a cache is of
// no use. Vector files and documents are refused.
sharp.concurrency(1);
sharp.cache(false);
// libjpeg holds all coefficients of a progressive JPEG: 6 bytes per pixel in full colour, usually 3. A small
// file can demand much memory, so this variable sets a limit.
const JPEG_MEMORY = Deno.env.get("JPEGMEM") || "256M";
Deno.env.set("JPEGMEM", JPEG_MEMORY);
sharp.block({ operation: ["VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"] });

/** A photo's pixels, upright RGB. */
export interface Whole {
  data: Uint8Array;
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

/** Reads a photo's file of at most 256 MiB. */
export async function readPhoto(file: string): Promise<Uint8Array> {
  const { size, isFile } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData("not a file");
  if (size > MAX_BYTES) {
    const [mebibytes, most] = [size, MAX_BYTES].map((bytes) => Math.ceil(bytes / 2 ** 20));
    throw new Deno.errors.InvalidData(`the file must have at most ${most} MiB, got ${mebibytes}`);
  }
  return await Deno.readFile(file);
}

/** Counts the pixels that the header declares, which determine the memory for decoding. */
export async function countPixels(bytes: Uint8Array): Promise<number> {
  const { width, height } = readPlainJpeg(bytes) ?? await readHeader(bytes);
  return width * height;
}

/** Decodes a whole photo. */
export async function decodeWhole(bytes: Uint8Array): Promise<Whole> {
  return await decode(bytes, (photo) => photo);
}

/** Decodes a photo and resizes it to `[size, size, 3]` uint8 RGB. */
export async function resizeFile(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  if (readPlainJpeg(bytes)) {
    try {
      return await resizePlainJpeg(bytes, size);
    } catch {
      // sharp reads it, or explains the error.
    }
  }
  return (await decode(bytes, (photo) => photo.resize(size, size, RESIZE))).data;
}

/** Crops a box with its margin, clipped to the photo, and resizes it to `[height, width, 3]` uint8 RGB. */
export async function resizeBox(
  { data, info }: Whole,
  box: Box,
  margin: number,
  size: { width: number; height: number },
): Promise<Uint8Array> {
  const part = cropBox(box, info, margin);
  const photo = sharp(data, { raw: info }).extract(part).resize(size.width, size.height, RESIZE);
  return (await toRgb(photo)).data;
}

/** `fastShrinkOnLoad` would apply a box filter while decoding, sharper than the triangle filter. */
const RESIZE = { fit: "fill", kernel: "linear", fastShrinkOnLoad: false } as const;

/** Decodes a photo upright; applies `change` before converting the pixels to 8-bit RGB. */
async function decode(bytes: Uint8Array, change: (photo: Sharp) => Sharp): Promise<Whole> {
  const photo = change(openPhoto(bytes));
  const work = await isPlainCmyk(bytes) ? mixInks(photo) : toRgb(photo);
  return await explain(work, bytes);
}

/**
 * Opens a photo, to be decoded upright. Ignores the orientation in a WEBP's EXIF, as browsers do: boxes then
 * match the picture that people see.
 */
function openPhoto(bytes: Uint8Array): Sharp {
  if (bytes.length === 0) throw new Deno.errors.InvalidData("the file is empty");
  const format = identifyFile(bytes);
  if (format && !READABLE.includes(format.name)) {
    throw new Deno.errors.InvalidData(describeUnreadable(format));
  }
  const photo = sharp(format?.name === "AVIF" ? asStill(bytes) : bytes, {
    failOn: "error",
    limitInputPixels: MAX_PIXELS,
  });
  return format?.name === "WebP" ? photo : photo.autoOrient();
}

/** Marks an animated AVIF as its still picture: libvips reads the first brand only. */
function asStill(bytes: Uint8Array): Uint8Array {
  return String.fromCharCode(...bytes.subarray(8, 12)) === "avis"
    ? bytes.with(11, "f".charCodeAt(0))
    : bytes;
}

/** Reads a photo's metadata without decoding its pixels. */
export async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  return await explain(openPhoto(bytes).metadata(), bytes);
}

/** Checks for 8-bit CMYK without a colour profile. */
async function isPlainCmyk(bytes: Uint8Array): Promise<boolean> {
  const mayBe = countChannels(bytes) === 4 || /TIFF/.test(identifyFile(bytes)?.name ?? "");
  if (!mayBe) return false;
  const { space, depth, hasProfile } = await readHeader(bytes);
  return space === "cmyk" && depth === "uchar" && !hasProfile;
}

/** Converts CMYK without a profile to RGB as browsers, Pillow and OpenCV do: each ink absorbs its share. */
async function mixInks(photo: Sharp): Promise<Whole> {
  const inks = photo.pipelineColourspace("cmyk").removeAlpha().toColourspace("cmyk");
  const { data, info } = await toPixels(inks, 4);
  const rgb = new Uint8Array(info.width * info.height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4) {
    const light = (255 - data[from + 3]!) / 255;
    for (let ink = 0; ink < 3; ink++) rgb[to++] = Math.round((255 - data[from + ink]!) * light);
  }
  return { data: rgb, info: { ...info, channels: 3 } };
}

async function toRgb(photo: Sharp): Promise<Whole> {
  return await toPixels(photo.flatten({ background: "white" }).toColourspace("srgb"), 3);
}

async function toPixels(photo: Sharp, channels: number): Promise<Whole> {
  const { data, info } = await photo.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) {
    throw new Error(`expected ${channels} channels, got ${info.channels}`);
  }
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), info };
}

function describeUnreadable({ name, advice }: FileFormat): string {
  return `${name} cannot be read: ${advice}`;
}

/** Replaces sharp's errors by ones that users understand. */
async function explain<T>(work: Promise<T>, bytes: Uint8Array): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n") as [string];
    throw new Deno.errors.InvalidData(await findReason(line, bytes), { cause });
  }
}

async function findReason(line: string, bytes: Uint8Array): Promise<string> {
  if (/pixel limit/.test(line)) {
    return describeExcess(await sharp(asStill(bytes), { limitInputPixels: false }).metadata());
  }
  if (/Memory limit exceeded/.test(line)) {
    const limit = JPEG_MEMORY.replace("M", " M");
    return `a progressive JPEG that takes more than ${limit}B to decode: save it as a baseline JPEG`;
  }
  const format = identifyFile(bytes);
  if (format?.name === MAYBE_AVIF) return describeUnreadable(format);
  // For some damaged PNG files, libvips gives no reason.
  const reason = line.replace(/^Unknown error$/, "damaged").replace(/:$/, "");
  return `not a readable photo: ${reason}`;
}
