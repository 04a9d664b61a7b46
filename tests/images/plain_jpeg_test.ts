import { assert, assertEquals, assertRejects } from "@std/assert";
import sharp from "sharp";
import { readPlainJpeg, resizePlainJpeg } from "../../lib/images/plain_jpeg.ts";
import { makeScene, renderScene } from "../fixtures/scenes.ts";

const [WIDTH, HEIGHT] = [48, 32];
const pixels = renderScene(makeScene(3), WIDTH).subarray(0, WIDTH * HEIGHT * 3);
const photo = () => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const plain = new Uint8Array(await photo().jpeg().toBuffer());

/** Where a segment with this marker begins. */
function findSegment(bytes: Uint8Array, marker: number): number {
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);
  assert(at > 0);
  return at;
}

/** The plain photo with bytes of its frame's segment replaced, counted from the marker. */
function changeFrame(changes: Record<number, number>): Uint8Array {
  const bytes = plain.slice(), frame = findSegment(bytes, 0xc0);
  for (const [at, value] of Object.entries(changes)) bytes[frame + Number(at)] = value;
  return bytes;
}

/** The plain photo with a segment of Adobe's that names these colours. */
function withAdobe(transform: number): Uint8Array {
  const name = new TextEncoder().encode("Adobe");
  const segment = [0xff, 0xee, 0, 14, ...name, 0, 100, 0, 0, 0, 0, transform];
  return Uint8Array.of(0xff, 0xd8, ...segment, ...plain.subarray(2));
}

Deno.test("readPlainJpeg() reads the size of plain photos", async () => {
  const files: Record<string, Promise<Uint8Array> | Uint8Array> = {
    baseline: plain,
    progressive: photo().jpeg({ progressive: true }).toBuffer(),
    "4:4:4": photo().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer(),
    grey: photo().greyscale().jpeg().toBuffer(),
    "Adobe's YCbCr": withAdobe(1),
  };
  for (const [name, bytes] of Object.entries(files)) {
    assertEquals(readPlainJpeg(await bytes), { width: WIDTH, height: HEIGHT }, name);
  }
});

Deno.test("readPlainJpeg() leaves all others to the long way", async () => {
  const scan = findSegment(plain, 0xda);
  const files: Record<string, Promise<Uint8Array> | Uint8Array> = {
    png: photo().png().toBuffer(),
    cmyk: photo().toColourspace("cmyk").jpeg().toBuffer(),
    EXIF: photo().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    "a colour profile": photo().withIccProfile("p3").jpeg().toBuffer(),
    "Adobe's RGB": withAdobe(0),
    "12 bits": changeFrame({ 4: 12 }),
    "two channels": changeFrame({ 9: 2 }),
    lossless: changeFrame({ 1: 0xc3 }),
    "no rows": changeFrame({ 5: 0, 6: 0 }),
    "many pixels": changeFrame({ 5: 3, 7: 3 }),
    "a length that leads out of the file": changeFrame({ 2: 255 }),
    "no frame": Uint8Array.of(0xff, 0xd8, ...plain.subarray(scan)),
    "two frames": Uint8Array.of(...plain.subarray(0, scan), ...plain.subarray(2)),
    "cut short": plain.subarray(0, -9),
    "its ends alone": Uint8Array.of(0xff, 0xd8, 0xff, 0xd9),
    empty: new Uint8Array(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    assertEquals(readPlainJpeg(await bytes), undefined, name);
  }
});

Deno.test("readPlainJpeg() ends on any bytes", () => {
  for (let at = 2; at < plain.length; at++) {
    for (const value of [0, 255]) readPlainJpeg(plain.with(at, value));
    readPlainJpeg(plain.subarray(at));
  }
});

Deno.test("resizePlainJpeg() gives RGB as sharp does, and refuses damage", async () => {
  for (const size of [8, 30]) {
    const ours = await resizePlainJpeg(plain, size);
    const theirs = await sharp(plain).resize(size, size, {
      fit: "fill",
      kernel: "linear",
      fastShrinkOnLoad: false,
    }).raw().toBuffer();
    assertEquals(ours.length, size * size * 3);
    const mean = ours.reduce((sum, value, i) => sum + Math.abs(value - theirs[i]!), 0) /
      ours.length;
    assert(mean < 2, `${size}: ${mean}`);
  }
  const noTables = plain.slice();
  noTables[findSegment(plain, 0xc4) + 1] = 0xfe;
  await assertRejects(() => resizePlainJpeg(noTables, 8), Error);
});
