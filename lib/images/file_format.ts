/** Names a file's format by its first bytes. Plain arithmetic, for the command line and the page alike. */

/** What a file is, and what its owner can do where it cannot be read. */
export interface FileFormat {
  /** Such as `JPEG`. */
  name: string;
  advice: string;
}

/** Bytes that {@linkcode identifyFile} needs at most. */
export const FORMAT_BYTES = 512;

const AS_JPEG = "save it as JPEG";

/** What stands at a file's start, as Latin-1 text, `?` for any byte; the first that fits is it. */
const STARTS: readonly [start: string, name: string, advice?: string][] = [
  ["\xff\xd8\xff", "JPEG"],
  ["\x89PNG\r\n\x1a\n", "PNG"],
  ["GIF8", "GIF"],
  ["RIFF????WEBP", "WebP"],
  ["RIFF????AVI ", "AVI video", "save a frame of it as JPEG"],
  ["\x00\x00\x00\x0cJXL ", "JPEG XL"],
  ["\xff\x0a", "JPEG XL"],
  ["\x00\x00\x00\x0cjP  ", "JPEG 2000"],
  ["\xff\x4f\xff\x51", "JPEG 2000"],
  ["II*\x00????CR", "Canon RAW"],
  ["IIRO", "Olympus RAW"],
  ["IIRS", "Olympus RAW"],
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
  ["%PDF-", "PDF", "save its page as JPEG"],
  ["PK\x03\x04", "ZIP archive", "unpack it"],
  ["Rar!", "RAR archive", "unpack it"],
  ["7z\xbc\xaf\x27\x1c", "7z archive", "unpack it"],
  ["\x1f\x8b", "gzip archive", "unpack it"],
  ["\x1aE\xdf\xa3", "Matroska video", "save a frame of it as JPEG"],
  ["version https://git-lfs.github.com/", "Git LFS pointer", "fetch the photo by `git lfs pull`"],
];

/** Brands of ISO base media files (ISO/IEC 14496-12, section 4.3), the first that is named decides. */
const BRANDS: readonly [brands: RegExp, name: string, advice?: string][] = [
  [/avi[fs]/, "AVIF"],
  [/he[iv][cmsx]/, "HEIC"],
  [/crx /, "Canon RAW"],
  [/isom|iso\d|mp4[12]|qt {2}|M4V |avc1|3gp|MSNV/, "Video", "save a frame of it as JPEG"],
];

/**
 * Identifies a file by its content; names and extensions often lie.
 *
 * @param bytes The first {@linkcode FORMAT_BYTES} or more, or the whole of a smaller file.
 * @returns nothing if it is none that is known
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
  if (name) return { name, advice };
  const start = text.replace(/^\xef\xbb\xbf/, "").trimStart().toLowerCase();
  if (/^(<\?xml[^]*)?<svg/.test(start)) return { name: "SVG", advice: "save it as PNG" };
  if (/^<(!doctype )?html/.test(start)) return { name: "A web page", advice: "save its photo" };
}

function startsWith(text: string, start: string): boolean {
  return text.length >= start.length &&
    [...start].every((character, i) => character === "?" || character === text[i]);
}

/** The major brand and those that it is compatible with. */
function listBrands(text: string): string {
  const size = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + text.charCodeAt(i), 0);
  return text.slice(8, 12) + text.slice(16, Math.max(16, size));
}
