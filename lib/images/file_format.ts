/** Identifies a file's format by its first bytes. Runs in browsers too. */
import type { Size } from "../boxes.ts";

/** A file's format, and advice for users if it cannot be read. */
export interface FileFormat {
  /** For example, `JPEG`. */
  name: string;
  advice: string;
}

/** The largest photo that is read: 67 megapixels, 200 MB as RGB. */
export const MAX_PIXELS: number = 2 ** 26;

/** Describes the excess of a photo over {@linkcode MAX_PIXELS}. */
export function describeExcess({ width, height }: Size): string {
  const [pixels, most] = [Math.ceil(width * height / 1e6), Math.floor(MAX_PIXELS / 1e6)];
  return `the photo has ${pixels} megapixels, more than ${most}`;
}

/** The most bytes that {@linkcode identifyFile} needs. */
export const FORMAT_BYTES = 512;

/** Extensions of the photos that are read in folders. */
export const PHOTO_EXTENSIONS = [
  "jpg",
  "jpeg",
  "jfif",
  "png",
  "webp",
  "gif",
  "tif",
  "tiff",
  "avif",
];
/** Extensions of photos that cannot be read: they are listed, so that each gets an error. */
export const UNREADABLE_EXTENSIONS = [
  ...["heic", "heif", "hif", "jxl", "jp2", "j2k", "bmp", "psd"],
  ...["dng", "cr2", "cr3", "nef", "arw", "orf", "raf", "rw2"],
];

const AS_JPEG = "save it as JPEG";
const UNPACK = "unpack it";
const A_FRAME = "save a frame of it as JPEG";

/** The first bytes of each format as Latin-1 text, with `?` for any byte; the first match wins. */
const STARTS: readonly [start: string, name: string, advice?: string][] = [
  ["\xff\xd8\xff", "JPEG"],
  ["\x89PNG\r\n\x1a\n", "PNG"],
  ["GIF8", "GIF"],
  ["RIFF????WEBP", "WebP"],
  ["RIFF????AVI ", "AVI video", A_FRAME],
  ["\x00\x00\x00\x0cJXL ", "JPEG XL"],
  ["\xff\x0a", "JPEG XL"],
  ["\x00\x00\x00\x0cjP  ", "JPEG 2000"],
  ["\xff\x4f\xff\x51", "JPEG 2000"],
  ["II*\x00????CR", "Canon RAW"],
  ["IIRO", "Olympus RAW"],
  ["IIRS", "Olympus RAW"],
  ["MMOR", "Olympus RAW"],
  ["IIU\x00", "Panasonic RAW"],
  ["FUJIFILMCCD-RAW", "Fujifilm RAW"],
  ["II*\x00", "TIFF"],
  ["MM\x00*", "TIFF"],
  ["II+\x00", "BigTIFF"],
  ["MM\x00+", "BigTIFF"],
  ["BM????\x00\x00\x00\x00", "BMP"],
  ["\x00\x00\x01\x00", "ICO"],
  ["8BPS", "Photoshop"],
  ["v/1\x01", "OpenEXR"],
  ["P6\n", "PPM"],
  ["%PDF-", "PDF", "save its page as JPEG"],
  ["%!PS", "PostScript", "save its page as JPEG"],
  ["\x1aE\xdf\xa3", "Matroska video", A_FRAME],
  ["\x00???moov", "Video", A_FRAME],
  ["\x00???mdat", "Video", A_FRAME],
  ["\x00???wide", "Video", A_FRAME],
  ["PK\x03\x04", "ZIP archive", UNPACK],
  ["PK\x05\x06", "ZIP archive", UNPACK],
  ["PK\x07\x08", "ZIP archive", UNPACK],
  ["Rar!", "RAR archive", UNPACK],
  ["7z\xbc\xaf\x27\x1c", "7z archive", UNPACK],
  ["\x1f\x8b", "gzip archive", UNPACK],
  ["\xfd7zXZ\x00", "xz archive", UNPACK],
  ["BZh?1AY&SY", "bzip2 archive", UNPACK],
  ["\x28\xb5\x2f\xfd", "Zstandard archive", UNPACK],
  ["MSCF\x00\x00\x00\x00", "CAB archive", UNPACK],
  [`${"?".repeat(257)}ustar`, "tar archive", UNPACK],
  ["version https://git-lfs.github.com/", "Git LFS pointer", "fetch the photo by `git lfs pull`"],
];

/** Brands of ISO base media files (ISO/IEC 14496-12, section 4.3); the first match wins. */
const BRANDS: readonly [brands: RegExp, name: string, advice?: string][] = [
  [/avi[fs]/, "AVIF"],
  [/he[iv][cmsx]/, "HEIC"],
  [/crx /, "Canon RAW"],
  [/isom|iso\d|mp4[12]|qt {2}|M4V |avc1|3gp|MSNV/, "Video", A_FRAME],
  [/mif1|msf1/, "HEIF"],
];

const [NEW_SUBFILE_TYPE, SUB_IFDS, DNG_VERSION] = [254, 330, 50706];

/** The root of a web page or an SVG, after an optional byte order mark, white space, declaration and comments. */
const ROOT =
  /^(?:\xef\xbb\xbf)?(?:\s|<\?[^>]*>|<!--(?:(?!-->).)*-->)*<(?:!doctype )?(svg|html)\b/is;

/**
 * Identifies a file by its content: extensions are often wrong.
 *
 * @param bytes The first {@linkcode FORMAT_BYTES} or more, or the whole of a smaller file.
 * @returns `undefined` for an unknown format
 * @example
 * ```ts
 * import { identifyFile } from "./file_format.ts";
 *
 * const bytes = new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic");
 * const { name, advice } = identifyFile(bytes)!;
 * console.log(`${name} cannot be read: ${advice}`); // HEIC cannot be read: save it as JPEG
 * ```
 */
export function identifyFile(bytes: Uint8Array): FileFormat | undefined {
  if (bytes.length === 0) return { name: "An empty file", advice: "copy it anew" };
  const text = String.fromCharCode(...bytes.subarray(0, FORMAT_BYTES));
  const [, name, advice = AS_JPEG] =
    (/^[^]{4}ftyp/.test(text)
      ? BRANDS.find(([brands]) => brands.test(listBrands(text)))
      : STARTS.find(([start]) => startsWith(text, start))) ?? [];
  if (name === "TIFF" && isRaw(bytes)) return { name: "Camera RAW", advice };
  if (name) return { name, advice };
  const [, root] = ROOT.exec(text) ?? [];
  if (root) {
    return /svg/i.test(root)
      ? { name: "SVG", advice: "save it as PNG" }
      : { name: "A web page", advice: "save its photo" };
  }
}

function startsWith(text: string, start: string): boolean {
  return text.length >= start.length &&
    [...start].every((character, i) => character === "?" || character === text[i]);
}

/** Lists the major brand and the compatible ones. */
function listBrands(text: string): string {
  const size = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + text.charCodeAt(i), 0);
  return text.slice(8, 12) + text.slice(16, Math.max(16, size));
}

/**
 * Checks whether a TIFF is a camera's raw file (DNG, NEF, ARW and others). Such a file has a DNG version, or
 * its first picture is a thumbnail and the large ones are in sub-directories.
 *
 * Sources: TIFF 6.0, section 2 and NewSubfileType; TIFF Tech Note 1, SubIFDs; DNG 1.7.1, DNGVersion
 */
function isRaw(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLittle = bytes[0] === 0x49;
  const isLarge = bytes[isLittle ? 2 : 3] === 43; // BigTIFF, which cameras do not write
  const first = isLarge || bytes.length < 8 ? Infinity : view.getUint32(4, isLittle);
  if (first + 2 > bytes.length) return false;
  const end = Math.min(first + 2 + 12 * view.getUint16(first, isLittle), bytes.length - 11);
  const tags = new Map<number, number>();
  for (let at = first + 2; at < end; at += 12) {
    tags.set(view.getUint16(at, isLittle), view.getUint32(at + 8, isLittle));
  }
  return tags.has(DNG_VERSION) || (tags.get(NEW_SUBFILE_TYPE) === 1 && tags.has(SUB_IFDS));
}
