import { assert, assertEquals } from "@std/assert";
import { viewPixels } from "../lib/photo.ts";

Deno.test("viewPixels() returns the given photos without a copy", () => {
  const images = { size: 2, pixels: Uint8Array.from({ length: 3 * 12 }, (_, i) => i) };
  for (const [first, count, from, to] of [[0, 1, 0, 12], [1, 2, 12, 36], [3, 0, 36, 36]]) {
    const view = viewPixels(images, first!, count);
    assertEquals(view, images.pixels.slice(from, to));
    assert(view.buffer === images.pixels.buffer);
  }
  assertEquals(viewPixels(images, 2)[0], 24);
});
