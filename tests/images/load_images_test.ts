import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { basename, join } from "node:path";
import sharp from "sharp";
import { loadImages } from "../../lib/images/load_images.ts";
import { countPixels } from "../../lib/images/decode.ts";
import { decodeImage, decodePhoto, readImage } from "../../lib/images/decode_image.ts";
import type { Sample } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const RED = { r: 255, g: 0, b: 0 };

/** A picture of one colour, to be encoded. */
const plain = (width: number, height: number, background: object = RED, channels: 3 | 4 = 3) =>
  // deno-lint-ignore no-explicit-any
  sharp({ create: { width, height, channels, background: background as any } });

/** The mean of each channel. */
function meanColour(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  pixels.forEach((value, i) => sums[i % 3]! += value);
  return sums.map((sum) => Math.round(sum / (pixels.length / 3)));
}

Deno.test("decodeImage() gives RGB of the size asked for, whatever the format", async () => {
  const cases: Record<string, Promise<Uint8Array>> = {
    jpeg: plain(40, 30).jpeg().toBuffer(),
    png: plain(40, 30).png().toBuffer(),
    "palette png": plain(40, 30).png({ palette: true }).toBuffer(),
    "16-bit png": plain(40, 30).toColourspace("rgb16").png().toBuffer(),
    webp: plain(40, 30).webp({ lossless: true }).toBuffer(),
    gif: plain(40, 30).gif().toBuffer(),
    tiff: plain(40, 30).tiff().toBuffer(),
    "cmyk jpeg": plain(40, 30).toColourspace("cmyk").jpeg().toBuffer(),
    "one pixel": plain(1, 1).png().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const pixels = await decodeImage(await bytes, { size: 16 });
    assertEquals(pixels.length, 16 * 16 * 3, name);
    const [r, g, b] = meanColour(pixels) as [number, number, number];
    // CMYK inks cannot show pure red.
    assert(r > 230 && g < 40 && b < 40, `${name}: mean colour ${[r, g, b]}`);
  }
});

Deno.test("decodeImage() turns grey into RGB and flattens alpha on white", async () => {
  const grey = await plain(8, 8, { r: 90, g: 90, b: 90 }).greyscale().png().toBuffer();
  assertEquals(meanColour(await decodeImage(grey, { size: 8 })), [90, 90, 90]);
  const clear = await plain(8, 8, { r: 0, g: 0, b: 0, alpha: 0 }, 4).png().toBuffer();
  assertEquals(meanColour(await decodeImage(clear, { size: 8 })), [255, 255, 255]);
  const half = plain(8, 8, { r: 0, g: 0, b: 0, alpha: 0.5 }, 4);
  for (const photo of [half.clone().png(), half.clone().toColourspace("b-w").png()]) {
    const [r, g, b] = meanColour(await decodeImage(await photo.toBuffer(), { size: 8 }));
    assertAlmostEquals(r!, 127, 2);
    assertEquals([g, b], [r, r]);
  }
});

Deno.test("decodeImage() applies the EXIF orientation, and boxes are of the upright photo", async () => {
  // Stored lying on its side: the left half red, the right half blue. Orientation 6 turns it clockwise
  // by a quarter, so that upright the top is red.
  const stored = await sharp({ create: { width: 40, height: 20, channels: 3, background: "blue" } })
    .composite([{ input: await plain(20, 20).png().toBuffer(), left: 0, top: 0 }])
    .withMetadata({ orientation: 6 }).png().toBuffer();
  const upright = await decodeImage(stored, { size: 8 });
  assertEquals([...upright.subarray(0, 3)], [255, 0, 0]);
  assertEquals([...upright.subarray(-3)], [0, 0, 255]);
  const lower = { left: 0, top: 20, width: 20, height: 20 };
  assertEquals(meanColour(await decodeImage(stored, { size: 8, box: lower })), [0, 0, 255]);
});

Deno.test("decodeImage() averages when it shrinks", async () => {
  const stripes = new Uint8Array(64 * 64 * 3).map((_, i) => Math.floor(i / 3) % 2 ? 255 : 0);
  const png = await sharp(stripes, { raw: { width: 64, height: 64, channels: 3 } }).png()
    .toBuffer();
  const shrunk = await decodeImage(png, { size: 16 });
  // Taking every fourth pixel would give 0 or 255.
  assert(shrunk.every((value) => Math.abs(value - 127.5) < 16), `${shrunk.subarray(0, 12)}`);
});

Deno.test("decodeImage() agrees with Pillow's BILINEAR", async () => {
  // python -c "from PIL import Image; import numpy as np; y, x = np.mgrid[0:37, 0:53];
  // a = np.stack([x*4, y*6, (x-26)**2//3], -1).astype('uint8');
  // print(np.asarray(Image.fromarray(a).resize((16, 16), Image.BILINEAR))[8].ravel().tolist())"
  const pillow = [
    6,
    115,
    201,
    18,
    115,
    155,
    31,
    115,
    111,
    44,
    115,
    74,
    58,
    115,
    45,
    71,
    115,
    23,
    84,
    115,
    9,
    97,
    115,
    1,
    111,
    115,
    1,
    124,
    115,
    9,
    137,
    115,
    23,
    150,
    115,
    45,
    164,
    115,
    74,
    177,
    115,
    111,
    190,
    115,
    155,
    202,
    115,
    201,
  ];
  const bytes = new Uint8Array(37 * 53 * 3);
  for (let y = 0, i = 0; y < 37; y++) {
    for (let x = 0; x < 53; x++) {
      for (const value of [x * 4, y * 6, Math.floor((x - 26) ** 2 / 3)]) {
        bytes[i++] = value;
      }
    }
  }
  const photo = sharp(bytes, { raw: { width: 53, height: 37, channels: 3 } });
  const best = { quality: 100, chromaSubsampling: "4:4:4" };
  for (const file of [photo.png(), photo.jpeg(best), photo.withMetadata().jpeg(best)]) {
    const ours = (await decodeImage(await file.toBuffer(), { size: 16 })).subarray(8 * 16 * 3);
    const difference = pillow.reduce((sum, value, i) => sum + Math.abs(value - ours[i]!), 0);
    assert(difference / pillow.length <= 2, `off by ${difference / pillow.length}: ${ours}`);
  }
});

Deno.test("decodeImage() cuts out the box with its margin, and no more than the photo has", async () => {
  const photo = await sharp({ create: { width: 40, height: 40, channels: 3, background: "blue" } })
    .composite([{ input: await plain(10, 10).png().toBuffer(), left: 30, top: 30 }]).png()
    .toBuffer();
  const box = { left: 30, top: 30, width: 10, height: 10 };
  assertEquals(meanColour(await decodeImage(photo, { size: 8, box })), [255, 0, 0]);
  const wider = meanColour(await decodeImage(photo, { size: 20, box, margin: 1 }));
  assertAlmostEquals(wider[0]!, 255 / 4, 8);
  await assertRejects(
    () => decodeImage(photo, { box: { left: 50, top: 0, width: 5, height: 5 } }),
    RangeError,
    "overlap the photo of 40 x 40",
  );
  await assertRejects(() => decodeImage(photo, { size: 0 }), RangeError, "size");
});

Deno.test("loadImages() cuts faces with their margin, to the photo's real size, from one decoding", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "a.png"), bad = join(folder, "b.png");
    // Blue, with a red square in the corner at the lower right.
    await sharp({ create: { width: 40, height: 40, channels: 3, background: "blue" } })
      .composite([{ input: await plain(10, 10).png().toBuffer(), left: 30, top: 30 }])
      .png().toFile(file);
    await Deno.writeTextFile(bad, "no photo");
    const box = { left: 30, top: 30, width: 10, height: 10 };
    const samples: Sample[] = [
      { file, box },
      { file: bad, box },
      { file: bad, box: { ...box, left: 0 } },
      // An annotation with a wrong <size> lets a box reach over the photo, or lie beside it.
      { file, box: { ...box, width: 500, height: 500 } },
      { file, box: { ...box, left: 90 } },
      { file },
    ].map((sample) => ({ ...sample, className: "with_mask" }));
    const { pixels, samples: read, unreadable } = await loadImages(samples, {
      size: 20,
      margin: 0,
    });
    assertEquals(read, [samples[0], samples[3], samples[5]]);
    const colours = [0, 1, 2].map((i) => meanColour(pixels.subarray(1200 * i, 1200 * (i + 1))));
    assertEquals(colours.slice(0, 2), [[255, 0, 0], [255, 0, 0]]);
    assertAlmostEquals(colours[2]![0]!, 255 / 16, 4);
    assertEquals(unreadable.map((problem) => problem.file), [bad, file]);
    assertStringIncludes(unreadable[1]!.reason, "overlap the photo of 40 x 40");
    const wide = await loadImages(samples.slice(0, 1), { size: 20 });
    // 15% of 10 pixels, rounded to one of blue, at the left and top; at the right and below the photo ends.
    assertAlmostEquals(meanColour(wide.pixels)[0]!, 255 * (10 / 11) ** 2, 14);
  });
});

/** A PNG that declares 20,000 x 20,000 pixels, checksum and all, and holds none. */
async function hugeHeader(): Promise<Uint8Array> {
  const png = new Uint8Array(await plain(4, 4).png().toBuffer());
  const view = new DataView(png.buffer);
  view.setUint32(16, 20_000);
  view.setUint32(20, 20_000);
  const { crc32 } = await import("node:zlib");
  view.setUint32(29, crc32(png.subarray(12, 29)));
  return png;
}

Deno.test("loadImages() lists exactly the unreadable files, and keeps the order of the others", async () => {
  await withFolder(async (folder) => {
    const jpeg = new Uint8Array(await plain(64, 48).jpeg().toBuffer());
    const noise = await sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: RED,
        noise: { type: "gaussian", mean: 99, sigma: 40 },
      },
    }).jpeg().toBuffer();
    const files: Record<string, [bytes: Uint8Array | undefined, reason?: string]> = {
      "a.jpg": [jpeg],
      "truncated.jpg": [
        new Uint8Array(noise).subarray(0, noise.length / 2),
        "not a readable photo",
      ],
      "empty.jpg": [new Uint8Array(), "the file is empty"],
      "text.jpg": [new TextEncoder().encode("I am no photo"), "not a readable photo"],
      "drawing.jpg": [
        new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "SVG cannot be read: save it as PNG",
      ],
      "IMG_0.jpg": [
        new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        "HEIC cannot be read: save it as JPEG",
      ],
      "huge.png": [await hugeHeader(), "the photo has 400 megapixels, more than 67"],
      "missing.jpg": [undefined, "No such file"],
      "cmyk.jpg": [new Uint8Array(await plain(9, 9).toColourspace("cmyk").jpeg().toBuffer())],
      "deep.png": [new Uint8Array(await plain(9, 9).toColourspace("rgb16").png().toBuffer())],
      "z.png": [new Uint8Array(await plain(9, 9, { r: 0, g: 0, b: 9 }).png().toBuffer())],
    };
    const samples: Sample[] = [];
    for (const [name, [bytes]] of Object.entries(files)) {
      const file = join(folder, name);
      if (bytes) await Deno.writeFile(file, bytes);
      samples.push({ file, className: "with_mask" });
    }
    const { pixels, samples: read, unreadable } = await loadImages(samples, { size: 8 });
    const expected = Object.keys(files).filter((name) => files[name]![1]);
    assertEquals(unreadable.map(({ file }) => file), expected.map((name) => join(folder, name)));
    unreadable.forEach(({ reason }, i) => assertStringIncludes(reason, files[expected[i]!]![1]!));
    assertEquals(read, samples.filter(({ file }) => !unreadable.some((bad) => bad.file === file)));
    assertEquals(pixels.length, read.length * 8 * 8 * 3);
    assertEquals(meanColour(pixels.subarray(-8 * 8 * 3)), [0, 0, 9]);
  });
});

Deno.test("loadImages() tries again what libvips refused, alone, and nothing else", async () => {
  await withFolder(async (folder) => {
    const contents: Record<string, Uint8Array> = {
      "good.png": new Uint8Array(await plain(4, 4).png().toBuffer()),
      "heic.jpg": new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
      "text.jpg": new TextEncoder().encode("I am no photo"),
    };
    const samples: Sample[] = [];
    for (const [name, bytes] of Object.entries(contents)) {
      const file = join(folder, name);
      await Deno.writeFile(file, bytes);
      samples.push({ file, className: "with_mask" });
    }
    const reads: string[] = [], stages: string[] = [];
    const readFile = Deno.readFile;
    Deno.readFile = (file, options) => {
      reads.push(basename(String(file)));
      return readFile(file, options);
    };
    try {
      await loadImages(samples, {
        size: 2,
        onProgress: ({ stage, done, total }) => stages.push(`${stage} ${done}/${total}`),
      });
    } finally {
      Deno.readFile = readFile;
    }
    assertEquals(reads.sort(), ["good.png", "heic.jpg", "text.jpg", "text.jpg"]);
    assertEquals(stages.slice(-2), ["Reading photos 3/3", "Trying unreadable photos again 1/1"]);
  });
});

Deno.test("readImage() refuses a folder, and a file over 256 MiB with both numbers", async () => {
  await assertRejects(() => readImage("."), Deno.errors.InvalidData, "not a file");
  await withFolder(async (folder) => {
    const file = join(folder, "large.jpg");
    await Deno.writeFile(file, new Uint8Array());
    await Deno.truncate(file, 2 ** 28 + 1);
    await assertRejects(
      () => readImage(file),
      Deno.errors.InvalidData,
      "the file must have at most 256 MiB, got 257",
    );
  });
});

Deno.test("decodeImage() and decodePhoto() name the number of pixels that is too large", async () => {
  const jpeg = await plain(16, 16).jpeg().toBuffer();
  const frame = jpeg.indexOf(Uint8Array.of(0xff, 0xc0));
  jpeg.writeUInt16BE(8192, frame + 5);
  jpeg.writeUInt16BE(8193, frame + 7);
  const webp = await plain(16, 16).webp({ lossless: true }).toBuffer();
  webp.writeUInt32LE(16_382 | 16_382 << 14, 21);
  const avif = await plain(16, 16).avif().toBuffer();
  for (const at of [8, 12]) avif.writeUInt32BE(60_000, avif.indexOf("ispe") + at);
  const tiff = await plain(16, 16).tiff({ compression: "none" }).toBuffer();
  const directory = tiff.readUInt32LE(4);
  for (let at = directory + 2; tiff.readUInt16LE(at) <= 257; at += 12) {
    if (tiff.readUInt16LE(at) >= 256) tiff.writeUInt32LE(20_000, at + 8);
  }
  const cases: Record<string, [bytes: Uint8Array, megapixels: number]> = {
    png: [await hugeHeader(), 400],
    "jpeg, one column too wide": [jpeg, 68],
    webp: [webp, 269],
    avif: [avif, 3600],
    tiff: [tiff, 400],
  };
  for (const [name, [bytes, megapixels]] of Object.entries(cases)) {
    const photo = new Uint8Array(bytes),
      message = `the photo has ${megapixels} megapixels, more than 67`;
    for (const decode of [decodeImage, decodePhoto, countPixels]) {
      const error = await assertRejects(() => decode(photo), Deno.errors.InvalidData);
      assertEquals(error.message, message, `${decode.name}() of ${name}`);
    }
  }
});

Deno.test("decodeImage() refuses a small JPEG that asks for much memory", async () => {
  const jpeg = await plain(16, 16).jpeg({ progressive: true, chromaSubsampling: "4:4:4" })
    .toBuffer();
  const frame = jpeg.indexOf(Uint8Array.of(0xff, 0xc2));
  for (const at of [5, 7]) jpeg.writeUInt16BE(8000, frame + at);
  await assertRejects(
    () => decodeImage(new Uint8Array(jpeg)),
    Deno.errors.InvalidData,
    "a progressive JPEG that takes more than 256 MB to decode: save it as a baseline JPEG",
  );
});
