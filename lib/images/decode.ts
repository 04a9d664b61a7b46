/** From a file to a photo's pixels, and from those, or a box of them, to another size. */
import sharp, { type Sharp } from "sharp";
import { cropBox } from "../boxes.ts";
import type { Box } from "../types.ts";
import { identifyFile } from "./file_format.ts";
import { readPlainJpeg, resizePlainJpeg } from "./plain_jpeg.ts";

/** 67 megapixels: 200 MB as RGB. */
export const MAX_PIXELS = 2 ** 26;
const MAX_BYTES = 2 ** 28;
/** Formats that are read; other known ones are named. */
const READABLE = ["JPEG", "PNG", "WebP", "GIF", "TIFF", "AVIF"];

// Parallel over photos, so one thread for each; nothing is read twice, so no cache. The format is
// decided by content, and a vector file or a document is no photo.
sharp.concurrency(1);
sharp.cache(false);
// libjpeg holds all coefficients of a progressive JPEG, for which a few bytes can ask: 6 for each pixel in
// full colour, 3 in usual ones. So it is told where to stop, in the way that it knows.
if (!Deno.env.get("JPEGMEM")) Deno.env.set("JPEGMEM", "256M");
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
    throw new Deno.errors.InvalidData(`the file has ${size} bytes, more than ${MAX_BYTES}`);
  }
  return await Deno.readFile(file);
}

/** How many pixels the header declares: what decoding takes memory for. */
export async function countPixels(bytes: Uint8Array): Promise<number> {
  const { width, height } = readPlainJpeg(bytes) ?? await explain(openPhoto(bytes).metadata());
  return width * height;
}

export async function decodeWhole(bytes: Uint8Array): Promise<Whole> {
  return await decode(openPhoto(bytes));
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
  return await resize(openPhoto(bytes), size, size);
}

/** The box with its margin, cut to what the photo has, as `[height, width, 3]` uint8 RGB. */
export async function resizeBox(
  { data, info }: Whole,
  box: Box,
  margin: number,
  size: { width: number; height: number },
): Promise<Uint8Array> {
  const part = cropBox(box, info, margin);
  return await resize(sharp(data, { raw: info }).extract(part), size.width, size.height);
}

/** The photo upright, not decoded yet. */
function openPhoto(bytes: Uint8Array): Sharp {
  if (bytes.length === 0) throw new Deno.errors.InvalidData("the file is empty");
  const format = identifyFile(bytes);
  if (format && !READABLE.includes(format.name)) {
    throw new Deno.errors.InvalidData(`${format.name} cannot be read: ${format.advice}`);
  }
  return sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS }).autoOrient();
}

async function resize(photo: Sharp, width: number, height: number): Promise<Uint8Array> {
  // Shrinking while decoding is a box filter, sharper than the triangle.
  const how = { fit: "fill", kernel: "linear", fastShrinkOnLoad: false } as const;
  return (await decode(photo.resize(width, height, how))).data;
}

async function decode(photo: Sharp): Promise<Whole> {
  const { data, info } = await explain(
    photo.flatten({ background: "white" }).toColourspace("srgb").raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), info };
}

/** Says in our words why sharp failed. */
async function explain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n") as [string];
    // What libvips says of some damaged PNG files, though it has nothing to say.
    const reason = line.replace(/^Unknown error$/, "damaged").replace(/:$/, "");
    throw new Deno.errors.InvalidData(`not a readable photo: ${reason}`, { cause });
  }
}
