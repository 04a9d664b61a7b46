import { assertEquals, assertThrows } from "@std/assert";
import sharp from "sharp";
import { DISPLAY, showPhotos } from "../../lib/charts/mod.ts";

const SET = {
  size: 2,
  pixels: Uint8Array.from({ length: 2 * 2 * 2 * 3 }, (_, i) => 10 * i),
  samples: [{ className: "with_mask" as const }, { className: "without_mask" as const }],
};

const show = async (...args: Parameters<typeof showPhotos>) => await showPhotos(...args)[DISPLAY]();

Deno.test("showPhotos() encodes the pixels of each photo, and shows its class", async () => {
  const bundle = await show(SET, [1, 0], { columns: 2 });
  assertEquals(bundle["text/plain"], "[picture] without_mask\n[picture] with_mask");
  const encoded = [...String(bundle["text/html"]).matchAll(/data:image\/png;base64,([^"]*)"/g)];
  const decoded = await Promise.all(encoded.map(async ([, base64]) => {
    const png = sharp(Uint8Array.fromBase64(base64!));
    return [...await png.removeAlpha().raw().toBuffer()];
  }));
  assertEquals(decoded, [[...SET.pixels.slice(12)], [...SET.pixels.slice(0, 12)]]);
});

Deno.test("showPhotos() shows the given captions, and none for photos without a class", async () => {
  const { samples: _, ...pixelsAlone } = SET;
  assertEquals((await show(pixelsAlone, [0]))["text/plain"], "[picture] ");
  const captions = ["first", "second"];
  assertEquals(
    (await show(SET, [0, 1], { captions }))["text/plain"],
    "[picture] first\n[picture] second",
  );
});

Deno.test("showPhotos() refuses too few captions, and no column", () => {
  const message = "captions must be 2, one per photo, got 1";
  assertThrows(() => showPhotos(SET, [0, 1], { captions: ["first"] }), RangeError, message);
  assertThrows(() => showPhotos(SET, [0], { columns: 0 }), RangeError, "columns must be");
});
