/// <reference lib="dom" />
/** Photos come out upright and in their colours on all paths, and as a browser shows them. */
import { assertEquals, assertRejects } from "@std/assert";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { decodeImage, decodePhoto } from "../../lib/images/decode_image.ts";
import { readPhotoSize } from "../../lib/images/photo_size.ts";
import { CHROMIUM, launchChromium } from "../fixtures/chromium.ts";
import { adobe, makeJpeg } from "../fixtures/jpegs.ts";
import {
  CORNERS,
  fourCorners,
  makeTiff,
  nameCorners,
  twoPages,
  withHole,
} from "../fixtures/pictures.ts";

/**
 * The corners of the upright picture by the orientation of the stored one, RGBY.
 *
 * Source: TIFF 6.0, Orientation; and so by Pillow 13.0.0:
 * python -c "from PIL import Image, ImageOps; ImageOps.exif_transpose(Image.open('6.jpg')).show()"
 */
const UPRIGHT = ["RGBY", "GRYB", "YBGR", "BYRG", "RBGY", "BRYG", "YGBR", "GYRB"];
/** Whether Chromium reads the format too. */
const [ALL, NATIVE] = [true, false];

interface Case {
  name: string;
  bytes: Uint8Array;
  corners: string;
  /** Whether Chromium reads it too. */
  isForAll: boolean;
}

/** Photos that are stored lying on a side, or mirrored. */
async function makeTurnedCases(): Promise<Case[]> {
  const cases: Case[] = [];
  const add = (name: string, bytes: Uint8Array, corners: string, isForAll = ALL) =>
    cases.push({ name, bytes: new Uint8Array(bytes), corners, isForAll });
  for (const [i, corners] of UPRIGHT.entries()) {
    const orientation = i + 1;
    const photo = fourCorners().withMetadata({ orientation });
    const exact = { quality: 95, chromaSubsampling: "4:4:4" };
    add(`JPEG ${orientation}`, await photo.clone().jpeg(exact).toBuffer(), corners);
    add(`PNG ${orientation}`, await photo.clone().png().toBuffer(), corners);
    add(`AVIF ${orientation}`, await photo.clone().avif(exact).toBuffer(), corners);
    add(`TIFF ${orientation}`, await photo.clone().tiff().toBuffer(), corners, NATIVE);
    // No browser turns a WEBP.
    add(`WEBP ${orientation}`, await photo.clone().webp().toBuffer(), "RGBY");
  }
  const jpeg = new Uint8Array(await fourCorners().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer());
  const exif = (orientation: number, isLittle = true) => app1(["Exif\0\0"], orientation, isLittle);
  const withSegments = (...segments: number[][]) =>
    Uint8Array.of(0xff, 0xd8, ...segments.flat(), ...jpeg.subarray(2));
  add("JPEG, big-endian", withSegments(exif(6, false)), UPRIGHT[5]!);
  add(
    "JPEG, after XMP",
    withSegments(app1(["http://ns.adobe.com/xap/1.0/\0<x/>"]), exif(8)),
    UPRIGHT[7]!,
  );
  add("JPEG, the first of two", withSegments(exif(3), exif(6)), UPRIGHT[2]!);
  for (const unknown of [0, 9]) add(`JPEG ${unknown}`, withSegments(exif(unknown)), UPRIGHT[0]!);
  const png = new Uint8Array(await fourCorners().png().toBuffer());
  add(
    "PNG, big-endian",
    withChunk(png, "eXIf", makeTiff({ tags: { 274: 6 }, isLittle: false })),
    UPRIGHT[5]!,
  );
  return cases;
}

/** Photos whose colours are stored in other ways than as three bytes for each pixel. */
async function makeColourCases(): Promise<Case[]> {
  const [pages, hole] = [await twoPages(), await withHole().png().toBuffer()];
  const avif = await fourCorners().avif({ chromaSubsampling: "4:4:4" }).toBuffer();
  const cases: [name: string, bytes: Promise<Uint8Array> | Uint8Array, isForAll?: boolean][] = [
    ["progressive JPEG", fourCorners().jpeg({ progressive: true }).toBuffer()],
    ["JPEG with a profile", fourCorners().withIccProfile("p3").jpeg().toBuffer()],
    ["JPEG of RGB", drawCorners("RGB", (rgb) => rgb)],
    // Inks are stored as light: 255 is no ink.
    ["CMYK JPEG", drawCorners("1234", (rgb) => [...rgb, 255])],
    ["Adobe's CMYK JPEG", drawCorners("CMYK", (rgb) => [...rgb, 255], adobe(0))],
    ["YCCK JPEG", drawCorners("1234", (rgb) => [...toYcc(rgb.map((x) => 255 - x)), 255], adobe(2))],
    ["interlaced PNG", fourCorners().png({ progressive: true }).toBuffer()],
    ["16-bit PNG", fourCorners().toColourspace("rgb16").png().toBuffer()],
    ["palette PNG", fourCorners().png({ palette: true }).toBuffer()],
    ["palette PNG with a hole", withHole().png({ palette: true }).toBuffer()],
    ["RGBA PNG with a hole", withHole().png().toBuffer()],
    ["16-bit PNG with a hole", sharp(hole).toColourspace("rgb16").png().toBuffer()],
    ["GIF with a hole", withHole().gif().toBuffer()],
    ["WEBP with a hole", withHole().webp().toBuffer()],
    ["AVIF with a hole", withHole().avif({ chromaSubsampling: "4:4:4" }).toBuffer()],
    ["animated GIF", pages.clone().gif().toBuffer()],
    ["animated WEBP", pages.clone().webp({ lossless: true }).toBuffer()],
    ["animated AVIF, by its brand", avif.with(11, "s".charCodeAt(0)), NATIVE],
    ["TIFF of two pages", pages.clone().tiff().toBuffer(), NATIVE],
    ["16-bit TIFF", fourCorners().toColourspace("rgb16").tiff().toBuffer(), NATIVE],
    ["TIFF with a hole", withHole().tiff({ compression: "lzw" }).toBuffer(), NATIVE],
    ["CMYK TIFF", makeCmykTiff(), NATIVE],
  ];
  return await Promise.all(cases.map(async ([name, bytes, isForAll = ALL]) => ({
    name,
    bytes: new Uint8Array(await bytes),
    corners: name.endsWith("with a hole") ? "RGBW" : "RGBY",
    isForAll,
  })));
}

/** A JPEG of the four corners, as levels of channels with these names. */
function drawCorners(
  names: string,
  toLevels: (rgb: readonly number[]) => readonly number[],
  markers?: number[],
): Uint8Array {
  const corners = Object.values(CORNERS).map(toLevels);
  const channels = Array.from(names, (name, i) => ({
    id: /\d/.test(name) ? Number(name) : name.charCodeAt(0),
    level: (column: number, row: number) =>
      corners[2 * Number(row >= 2) + Number(column >= 3)]![i]!,
  }));
  return makeJpeg({ width: 48, height: 32, channels, markers });
}

/** Source: JFIF 1.02, conversion to and from RGB. */
function toYcc([r, g, b]: readonly number[]): number[] {
  const luma = 0.299 * r! + 0.587 * g! + 0.114 * b!;
  return [luma, 128 + (b! - luma) / 1.772, 128 + (r! - luma) / 1.402].map(Math.round);
}

/** A TIFF of the four corners as inks, 255 at their most. */
function makeCmykTiff(): Uint8Array {
  const [width, height] = [48, 32];
  const tags = { 256: width, 257: height, 258: 8, 259: 1, 262: 5, 273: 0, 277: 4, 278: height };
  const length = makeTiff({ tags }).length;
  const corners = Object.values(CORNERS);
  const inks = Array.from({ length: width * height }, (_, i) => {
    const isRight = i % width >= width / 2, isLower = i >= width * height / 2;
    return [...corners[2 * Number(isLower) + Number(isRight)]!.map((x) => 255 - x), 0];
  });
  return Uint8Array.of(...makeTiff({ tags: { ...tags, 273: length } }), ...inks.flat());
}

/** A segment for applications: a text, and perhaps EXIF with this orientation. */
function app1([text]: [string], orientation?: number, isLittle = true): number[] {
  const tiff = orientation === undefined ? [] : makeTiff({ tags: { 274: orientation }, isLittle });
  const content = [...new TextEncoder().encode(text), ...tiff];
  return [0xff, 0xe1, (content.length + 2) >> 8, (content.length + 2) & 255, ...content];
}

/** A PNG with one more chunk after its header. */
function withChunk(png: Uint8Array, type: string, content: Uint8Array): Uint8Array {
  const body = Uint8Array.of(...new TextEncoder().encode(type), ...content);
  const chunk = new Uint8Array(4 + body.length + 4);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  chunk.set(body, 4);
  view.setUint32(4 + body.length, crc32(body));
  return Uint8Array.of(...png.subarray(0, 33), ...chunk, ...png.subarray(33));
}

const cases = [...await makeTurnedCases(), ...await makeColourCases()];

Deno.test("decodePhoto() and decodeImage() give photos upright and in their colours, in all formats", async () => {
  const size = 32, square = (pixels: Uint8Array) => ({ width: size, height: size, pixels });
  for (const { name, bytes, corners } of cases) {
    const photo = await decodePhoto(bytes);
    const isTurned = "RBGY BRYG YGBR GYRB".includes(corners);
    assertEquals([photo.width, photo.height], isTurned ? [32, 48] : [48, 32], name);
    assertEquals(nameCorners(photo), corners, `${name}, whole`);
    assertEquals(nameCorners(square(await decodeImage(bytes, { size }))), corners, name);
    const box = { left: 0, top: 0, width: photo.width, height: photo.height };
    const face = square(await decodeImage(bytes, { size, box }));
    assertEquals(nameCorners(face), corners, `${name}, a box`);
  }
});

Deno.test("readPhotoSize() gives the size and the orientation that decodePhoto() goes by", async () => {
  const file = await Deno.makeTempFile();
  try {
    for (const { name, bytes } of cases) {
      await Deno.writeFile(file, bytes);
      const { width, height, orientation } = await readPhotoSize(file);
      const upright = orientation < 5 ? [width, height] : [height, width];
      const photo = await decodePhoto(bytes);
      assertEquals([photo.width, photo.height], upright, name);
    }
    await Deno.writeTextFile(file, "\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    await assertRejects(() => readPhotoSize(file), Deno.errors.InvalidData, "HEIC cannot be read");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test({
  name: "decodePhoto() gives a photo as Chromium shows it",
  ignore: !await Deno.stat(CHROMIUM).then(() => true, () => false),
  fn: async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      for (const { name, bytes, corners, isForAll } of cases) {
        // As the page's worker reads a photo.
        const shown = page.evaluate(async (bytes) => {
          const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const { width, height } = bitmap;
          const context = new OffscreenCanvas(width, height).getContext("2d")!;
          context.fillStyle = "white";
          context.fillRect(0, 0, width, height);
          context.drawImage(bitmap, 0, 0);
          return { width, height, pixels: [...context.getImageData(0, 0, width, height).data] };
        }, [...bytes]);
        const seen = await shown.then((photo) => nameCorners(photo, 4), () => "cannot be decoded");
        assertEquals(seen, isForAll ? corners : "cannot be decoded", name);
      }
    } finally {
      await browser.close();
    }
  },
});
