import { assertEquals, assertThrows } from "@std/assert";
import { readRgb } from "../../lib/images/read_rgb.ts";

Deno.test("readRgb() takes rows of RGB as they are", () => {
  const pixels = Uint8ClampedArray.of(9, 1, 2, 3, 4, 5, 6).subarray(1);
  assertEquals(readRgb({ width: 2, height: 1, pixels }), {
    width: 2,
    height: 1,
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
});

Deno.test("readRgb() lays RGBA on white", () => {
  const data = Uint8ClampedArray.of(10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51);
  const { pixels } = readRgb({ width: 3, height: 1, data });
  assertEquals([...pixels], [10, 20, 30, 255, 255, 255, 204, 224, 255]);
});

Deno.test("readRgb() refuses what does not fit its sides", () => {
  const pixels = new Uint8Array(12);
  assertThrows(() => readRgb({ width: 5, height: 1, pixels }), RangeError, "5 x 1, got 12 bytes");
  for (const [width, height] of [[0, 4], [2.5, 1], [-2, -2], [NaN, 1]] as const) {
    assertThrows(() => readRgb({ width, height, pixels }), RangeError, "positive integer sides");
  }
});
