/** From a file to a photo's pixels, and from those, or a box of them, to another size. */
import sharp, { type Metadata, type Sharp } from "npm:sharp@0.35.5";
import { cropBox } from "../boxes.ts";
import type { Box } from "../types.ts";
import { describeExcess, type FileFormat, identifyFile, MAX_PIXELS } from "./file_format.ts";
import { countChannels, readPlainJpeg, resizePlainJpeg } from "./plain_jpeg.ts";

const MAX_BYTES = 2 ** 28;
/** What AVIF is called whose brands do not say so, and all else of its container. */
const MAYBE_AVIF = "HEIF";
/** Formats that are read; other known ones are named. */
const READABLE = ["JPEG", "PNG", "WebP", "GIF", "TIFF", "BigTIFF", "AVIF", MAYBE_AVIF];

// Parallel over photos, so one thread for each; nothing is read twice, so no cache. The format is
// decided by content, and a vector file or a document is no photo.
sharp.concurrency(1);
sharp.cache(false);
// libjpeg holds all coefficients of a progressive JPEG, for which a few bytes can ask: 6 for each pixel in
// full colour, 3 in usual ones. So it is told where to stop, in the way that it knows.
const JPEG_MEMORY = Deno.env.get("JPEGMEM") || "256M";
Deno.env.set("JPEGMEM", JPEG_MEMORY);
sharp.block({ operation: ["VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"] });

/** A photo's pixels, upright RGB. */
export interface Whole {
  data: Uint8Array;
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

export async function readPhoto(file: string): Promise<Uint8Array> {
  const { size, isFile } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData("not a file");
  if (size > MAX_BYTES) {
    const [mebibytes, most] = [size, MAX_BYTES].map((bytes) => Math.ceil(bytes / 2 ** 20));
    throw new Deno.errors.InvalidData(`the file has ${mebibytes} MiB, more than ${most}`);
  }
  return await Deno.readFile(file);
}

/** How many pixels the header declares: what decoding takes memory for. */
export async function countPixels(bytes: Uint8Array): Promise<number> {
  const { width, height } = readPlainJpeg(bytes) ?? await readHeader(bytes);
  return width * height;
}

export async function decodeWhole(bytes: Uint8Array): Promise<Whole> {
  return await decode(bytes, (photo) => photo);
}

/** The whole photo as `[size, size, 3]` uint8 RGB. */
export async function resizeFile(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  if (readPlainJpeg(bytes)) {
    try {
      return await resizePlainJpeg(bytes, size);
    } catch {
      // The long way reads it after all, or says why not.
    }
  }
  return (await decode(bytes, (photo) => photo.resize(size, size, RESIZE))).data;
}

/** The box with its margin, cut to what the photo has, as `[height, width, 3]` uint8 RGB. */
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

/** Shrinking while decoding would be a box filter, sharper than the triangle. */
const RESIZE = { fit: "fill", kernel: "linear", fastShrinkOnLoad: false } as const;

/** Decodes a photo upright, changed before its pixels become RGB of 8 bits. */
async function decode(bytes: Uint8Array, change: (photo: Sharp) => Sharp): Promise<Whole> {
  const photo = change(openPhoto(bytes));
  const work = await isPlainCmyk(bytes) ? mixInks(photo) : toRgb(photo);
  return await explain(work, bytes);
}

/**
 * Opens a photo, to be decoded upright. The orientation in a WEBP's EXIF is passed over, as browsers do:
 * boxes are then of the picture that people see.
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

/** An animated AVIF as the still picture that it has as well: libvips looks at the first brand alone. */
function asStill(bytes: Uint8Array): Uint8Array {
  return String.fromCharCode(...bytes.subarray(8, 12)) === "avis"
    ? bytes.with(11, "f".charCodeAt(0))
    : bytes;
}

/** What libvips says of the photo, which is not decoded. */
export async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  return await explain(openPhoto(bytes).metadata(), bytes);
}

/** Whether the photo has inks, and no profile that says which. */
async function isPlainCmyk(bytes: Uint8Array): Promise<boolean> {
  const mayBe = countChannels(bytes) === 4 || /TIFF/.test(identifyFile(bytes)?.name ?? "");
  if (!mayBe) return false;
  const { space, depth, hasProfile } = await readHeader(bytes);
  return space === "cmyk" && depth === "uchar" && !hasProfile;
}

/** CMYK to RGB as browsers, Pillow and OpenCV do, where no profile says more: each ink takes its share. */
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
  if (info.channels !== channels) throw new Error(`${info.channels} channels that are no colours`);
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), info };
}

function describeUnreadable({ name, advice }: FileFormat): string {
  return `${name} cannot be read: ${advice}`;
}

/** Says in our words why sharp failed. */
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
  // What libvips says of some damaged PNG files, though it has nothing to say.
  const reason = line.replace(/^Unknown error$/, "damaged").replace(/:$/, "");
  return `not a readable photo: ${reason}`;
}
