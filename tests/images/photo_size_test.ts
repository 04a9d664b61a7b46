import { assertEquals, assertRejects } from "@std/assert";
import sharp from "sharp";
import { uprightSize } from "../../lib/data/fit_boxes.ts";
import { decodeWhole } from "../../lib/images/decode.ts";
import { readPhotoSize } from "../../lib/images/photo_size.ts";

const FORMATS = ["jpeg", "png", "webp", "tiff", "avif", "gif"] as const;

/** Runs `work` on a file of these bytes. */
async function withFile<T>(bytes: Uint8Array, work: (file: string) => Promise<T>): Promise<T> {
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, bytes);
  return await work(file).finally(() => Deno.remove(file));
}

Deno.test("readPhotoSize() agrees with decoding about size and orientation, in every format", async () => {
  for (const format of FORMATS) {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const photo = sharp({ create: { width: 40, height: 30, channels: 3, background: "grey" } });
      const bytes = await photo.withMetadata({ orientation }).toFormat(format).toBuffer();
      const size = await withFile(bytes, readPhotoSize);
      const { info } = await decodeWhole(bytes);
      const { width, height } = uprightSize(size);
      assertEquals([width, height], [info.width, info.height], `${format}, ${orientation}`);
      // GIF has no EXIF; that of WEBP is passed over.
      const isTurned = orientation > 4 && !["gif", "webp"].includes(format);
      assertEquals([width, height], isTurned ? [30, 40] : [40, 30], `${format}, ${orientation}`);
    }
  }
});

Deno.test("readPhotoSize() reads no more than the header", async () => {
  const noise = { noise: { type: "gaussian", mean: 128, sigma: 60 } } as const;
  const create = { width: 400, height: 300, channels: 3, background: "grey", ...noise } as const;
  const bytes = await sharp({ create }).jpeg().toBuffer();
  const size = await withFile(bytes.subarray(0, bytes.length / 2), readPhotoSize);
  assertEquals(size, { width: 400, height: 300, orientation: 1 });
});

Deno.test("readPhotoSize() names the format of a file that is not a photo", async () => {
  const text = (words: string) => new TextEncoder().encode(words);
  for (
    const [bytes, message] of [
      [text("no photo"), "not a readable photo: "],
      [text(""), "the file is empty"],
      [text("\0\0\0\x18ftypheic\0\0\0\0"), "HEIC cannot be read"],
    ] as [Uint8Array, string][]
  ) {
    await withFile(bytes, async (file) => {
      await assertRejects(() => readPhotoSize(file), Deno.errors.InvalidData, message);
    });
  }
  await assertRejects(() => readPhotoSize("gone.jpg"), Deno.errors.NotFound);
});
