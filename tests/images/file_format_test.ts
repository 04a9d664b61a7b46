import { assertEquals, assertRejects } from "@std/assert";
import sharp from "sharp";
import { decodeImage, decodePhoto } from "../../lib/images/decode_image.ts";
import { FORMAT_BYTES, identifyFile } from "../../lib/images/file_format.ts";
import { seededRandom } from "../../lib/random.ts";
import { makeTiff } from "../fixtures/pictures.ts";

/** Bytes of Latin-1 text. */
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
/** The first box of an ISO base media file. */
const brands = (...names: string[]) =>
  latin1(
    `\0\0\0${String.fromCharCode(12 + 4 * names.length)}ftyp${names[0]}\0\0\0\0${
      names.slice(1).join("")
    }\0\0\x01\x56meta`,
  );

Deno.test("identifyFile() names what sharp writes", async () => {
  const photo = sharp({ create: { width: 9, height: 9, channels: 3, background: "red" } });
  for (
    const [format, name] of [
      ["jpeg", "JPEG"],
      ["png", "PNG"],
      ["webp", "WebP"],
      ["gif", "GIF"],
      ["tiff", "TIFF"],
      ["avif", "AVIF"],
    ] as const
  ) {
    const bytes = new Uint8Array(await photo.clone().toFormat(format).toBuffer());
    assertEquals([format, identifyFile(bytes)?.name], [format, name]);
    assertEquals((await decodePhoto(bytes)).width, 9, format);
  }
});

// Starts of files as their formats' specifications give them.
const UNREADABLE: [name: string, bytes: Uint8Array, message: string][] = [
  ["an iPhone's photo", brands("heic", "mif1", "heic"), "HEIC cannot be read: save it as JPEG"],
  [
    "HEIC with a general major brand",
    brands("mif1", "heix"),
    "HEIC cannot be read: save it as JPEG",
  ],
  ["a burst of HEIC", brands("hevc", "msf1"), "HEIC cannot be read: save it as JPEG"],
  ["an iPhone's video", brands("qt  ", "qt  "), "Video cannot be read: save a frame of it as JPEG"],
  ["an MP4 file", brands("isom", "mp41"), "Video cannot be read: save a frame of it as JPEG"],
  ["Canon's CR3", brands("crx ", "isom"), "Canon RAW cannot be read: save it as JPEG"],
  ["Canon's CR2", latin1("II*\0\x10\0\0\0CR\x02\0"), "Canon RAW cannot be read: save it as JPEG"],
  ["Olympus' ORF", latin1("IIRO\x08\0\0\0"), "Olympus RAW cannot be read: save it as JPEG"],
  // A DNG or a NEF opens as a TIFF too: as its thumbnail.
  [
    "DNG",
    makeTiff({ tags: { 254: 0, 50706: 1025 } }),
    "Camera RAW cannot be read: save it as JPEG",
  ],
  [
    "big-endian DNG",
    makeTiff({ tags: { 50706: 1025 }, isLittle: false }),
    "Camera RAW cannot be read: save it as JPEG",
  ],
  [
    "Nikon's NEF",
    makeTiff({ tags: { 254: 1, 330: 200 } }),
    "Camera RAW cannot be read: save it as JPEG",
  ],
  ["HEIF of any other kind", brands("mif1", "miaf"), "HEIF cannot be read: save it as JPEG"],
  [
    "JPEG XL in boxes",
    latin1("\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl "),
    "JPEG XL cannot be read: save it as JPEG",
  ],
  [
    "JPEG 2000",
    latin1("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 "),
    "JPEG 2000 cannot be read: save it as JPEG",
  ],
  ["bare JPEG 2000", latin1("\xff\x4f\xff\x51"), "JPEG 2000 cannot be read: save it as JPEG"],
  ["ICO", latin1("\0\0\x01\0\x01\0"), "ICO cannot be read: save it as JPEG"],
  ["PPM", latin1("P6\n4 4\n255\n"), "PPM cannot be read: save it as JPEG"],
  ["an old MOV", latin1("\0\0\0\x08wide"), "Video cannot be read: save a frame of it as JPEG"],
  [
    "a tar archive",
    latin1("1.jpg".padEnd(257, "\0") + "ustar"),
    "tar archive cannot be read: unpack it",
  ],
  ["an xz archive", latin1("\xfd7zXZ\0"), "xz archive cannot be read: unpack it"],
  ["JPEG XL", latin1("\xff\x0a\x7f\x00"), "JPEG XL cannot be read: save it as JPEG"],
  ["BMP", latin1("BM\x3e\0\0\0\0\0\0\0"), "BMP cannot be read: save it as JPEG"],
  ["PDF", latin1("%PDF-1.7\n"), "PDF cannot be read: save its page as JPEG"],
  ["ZIP", latin1("PK\x03\x04\x14\0"), "ZIP archive cannot be read: unpack it"],
  [
    "SVG",
    latin1("\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>"),
    "SVG cannot be read: save it as PNG",
  ],
  [
    "SVG after a comment",
    latin1("<?xml version='1.0'?>\n<!-- <html> -->\n<!DOCTYPE svg PUBLIC>"),
    "SVG cannot be read: save it as PNG",
  ],
  [
    "a page after a comment",
    latin1("<!-- saved from url -->\n<HTML lang=en>"),
    "A web page cannot be read: save its photo",
  ],
  ["a page", latin1("<!DOCTYPE html><html>"), "A web page cannot be read: save its photo"],
  [
    "a Git LFS pointer",
    latin1("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
    "Git LFS pointer cannot be read: fetch the photo by `git lfs pull`",
  ],
];

Deno.test("decodePhoto() and decodeImage() say what a file is, and what to do", async () => {
  for (const [name, bytes, message] of UNREADABLE) {
    for (const read of [decodePhoto, decodeImage]) {
      const error = await assertRejects(() => read(bytes), Deno.errors.InvalidData);
      assertEquals([name, error.message], [name, message]);
    }
  }
});

Deno.test("identifyFile() leaves alone what it does not know, whatever the bytes", () => {
  for (const text of ["I am no photo", "\xff\xd8", "BM", "RIFF", "\0\0\0\x18ftyp", "ftypheic"]) {
    assertEquals([text, identifyFile(latin1(text))], [text, undefined]);
  }
  for (const text of ["BMW, P6 and %PDF are no formats", "<annotation><folder>svg</folder>"]) {
    assertEquals([text, identifyFile(latin1(text))], [text, undefined]);
  }
  // A thumbnail in front, sub-directories and a directory beyond the end alone do not make a raw file.
  const harmless: Record<number, number>[] = [{ 254: 0, 274: 6 }, { 254: 1 }, { 254: 0, 330: 200 }];
  for (const tags of harmless) {
    assertEquals(identifyFile(makeTiff({ tags }))?.name, "TIFF");
  }
  assertEquals(identifyFile(latin1("II*\0\xff\xff\xff\xff"))?.name, "TIFF");
  assertEquals(identifyFile(latin1("II+\0\x08\0\0\0\x10\0\0\0"))?.name, "BigTIFF");
  const random = seededRandom(3);
  for (let i = 0; i < 200; i++) {
    const bytes = Uint8Array.from({ length: 2 * FORMAT_BYTES * random() }, () => 256 * random());
    identifyFile(bytes);
    identifyFile(Uint8Array.of(...latin1("<!-- -->".repeat(60)), ...bytes));
    identifyFile(Uint8Array.of(...latin1("MM\0*\0\0\0\x08"), ...bytes));
    identifyFile(Uint8Array.of(...brands("heic", "mif1"), ...bytes));
  }
});
