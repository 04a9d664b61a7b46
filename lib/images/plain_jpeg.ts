/** Decodes and resizes common JPEG files of moderate size in one native call. */
import { FastResizeFilter, ResizeFit, Transformer } from "npm:@napi-rs/image@1.15.0";

const [START, END, SCAN] = [0xffd8, 0xffd9, 0xffda];
/** Baseline, extended and progressive; the others (lossless, arithmetic coding) are rare. */
const FRAMES = [0xffc0, 0xffc1, 0xffc2];
const ADOBE = 0xffee;
/** Huffman and quantization tables, restarts, JFIF, comments; not EXIF or colour profiles. */
const HARMLESS = [0xffc4, 0xffdb, 0xffdd, 0xffe0, 0xfffe];
const YCC = 1;
const RGB_NAMES = [..."RGB"].map((char) => char.charCodeAt(0));
/** For larger photos libvips is faster, as measured. */
const MAX_PIXELS = 400_000;

/**
 * Reads the header of a plain JPEG: complete from its first to its last marker, grey or 8-bit YCbCr, at most
 * 400,000 pixels, without EXIF (which may rotate it) or a colour profile. Does not check the data after the
 * header.
 *
 * Source of the markers: ITU-T T.81, annex B; of Adobe's: ITU-T T.872, 6.5.3
 *
 * @returns its stored size in pixels; `undefined` for any other file
 * @example
 * ```ts
 * import { readPlainJpeg } from "./plain_jpeg.ts";
 *
 * console.log(readPlainJpeg(new TextEncoder().encode("not a photo"))); // undefined
 * ```
 */
export function readPlainJpeg(bytes: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isWhole = bytes.length > 20 && view.getUint16(0) === START &&
    view.getUint16(bytes.length - 2) === END;
  if (!isWhole) return undefined;
  let frame: { width: number; height: number } | undefined;
  for (const { marker, at } of readSegments(bytes)) {
    if (marker === SCAN) return frame;
    if (FRAMES.includes(marker)) {
      const [bits, height, width] = [bytes[at + 4], view.getUint16(at + 5), view.getUint16(at + 7)];
      const [channels, pixels] = [bytes[at + 9], width * height];
      if (frame || bits !== 8 || (channels !== 1 && channels !== 3)) return undefined;
      if (pixels === 0 || pixels > MAX_PIXELS) return undefined;
      // Because of these names the decoder assumes RGB, regardless of other markers; libjpeg does not.
      if ([0, 1, 2].every((i) => bytes[at + 10 + 3 * i] === RGB_NAMES[i])) return undefined;
      frame = { width, height };
    } else if (!HARMLESS.includes(marker) && !(marker === ADOBE && bytes[at + 15] === YCC)) {
      return undefined;
    }
  }
  return undefined;
}

/** Counts the colour channels that the header of a JPEG declares; returns undefined for any other file. */
export function countChannels(bytes: Uint8Array): number | undefined {
  for (const { marker, at } of readSegments(bytes)) {
    // All markers in this range are frames, except three for tables.
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return bytes[at + 9];
    }
  }
}

/** Lists the segments up to the first scan: a marker of two bytes, the length without it, and the content. */
function* readSegments(bytes: Uint8Array): Generator<{ marker: number; at: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 2 || view.getUint16(0) !== START) return;
  for (let at = 2; at + 20 <= bytes.length; at += 2 + view.getUint16(at + 2)) {
    while (bytes[at + 1] === 0xff) at++; // any number of fill bytes may precede a marker
    if (at + 20 > bytes.length) return;
    const marker = view.getUint16(at);
    yield { marker, at };
    if (marker === SCAN || marker < 0xff00) return;
  }
}

/**
 * Decodes a plain JPEG and resizes it, with the triangle filter of Pillow's `BILINEAR`.
 *
 * @param bytes A file that {@linkcode readPlainJpeg} accepts.
 * @returns `[size, size, 3]` uint8 RGB in 0..255
 * @throws {Error} if it is damaged
 */
export async function resizePlainJpeg(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const rgba = await new Transformer(bytes).fastResize({
    width: size,
    height: size,
    filter: FastResizeFilter.Bilinear,
    fit: ResizeFit.Fill,
  }).rawPixels();
  const rgb = new Uint8Array(size * size * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}
