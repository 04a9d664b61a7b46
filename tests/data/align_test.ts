import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { compareDetail, makeThumbnail, SIDE, turn, viewDisc } from "../../lib/data/align.ts";
import { makeScene, moveScene, renderScene } from "../fixtures/scenes.ts";

const SIZE = 64;
const thumbnail = (seed: number, move = {}) =>
  makeThumbnail(renderScene(moveScene(makeScene(seed), move), SIZE), SIZE);

Deno.test("makeThumbnail() averages the luma of the pixels of each cell", () => {
  // python3 -c "import numpy as np; p = (np.arange(64*64*3)*7 % 251).reshape(64, 64, 3);
  //   t = (p @ [.299, .587, .114]).reshape(32, 2, 32, 2).mean((1, 3)); print(t[0, 0], t[5, 9], t[31, 31])"
  const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => i * 7 % 251);
  const grey = makeThumbnail(pixels, 64);
  assertEquals(grey.length, SIDE * SIDE);
  assertAlmostEquals(grey[0]!, 60.705, 1e-4);
  assertAlmostEquals(grey[5 * SIDE + 9]!, 73.705, 1e-4);
  assertAlmostEquals(grey[31 * SIDE + 31]!, 103.705, 1e-4);
});

Deno.test("makeThumbnail() covers a size that is not a multiple of its own", () => {
  for (const size of [32, 33, 50, 97, 224]) {
    const grey = makeThumbnail(new Uint8Array(size * size * 3).fill(90), size);
    assert(grey.every((level) => Math.abs(level - 90) < 1e-4), `size ${size}`);
  }
});

Deno.test("viewDisc() finds the slopes of a plane", () => {
  const plane = Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => 3 * (i % SIDE) + Math.floor(i / SIDE) * 2,
  );
  const { slopeX, slopeY } = viewDisc(plane, turn(10));
  assert(slopeX.every((slope) => Math.abs(slope - 3) < 1e-4));
  assert(slopeY.every((slope) => Math.abs(slope - 2) < 1e-4));
});

Deno.test("compareDetail() sees through moves, gain and offset", () => {
  for (
    const [move, start] of [
      [{}, turn(0)],
      [{ right: 0.05 }, turn(0)],
      [{ zoom: 1.1 }, turn(0)],
      [{ degrees: 5 }, turn(0)],
      [{ degrees: 15 }, turn(-12)],
      [{ mirrored: true }, turn(0, true)],
      [{ mirrored: true, degrees: 20, zoom: 0.95 }, turn(-18, true)],
    ] as const
  ) {
    for (let seed = 1; seed <= 6; seed++) {
      const moved = thumbnail(seed, move).map((grey) => 0.5 * grey + 60);
      const likeness = compareDetail(thumbnail(seed), moved, start);
      assertGreater(likeness, 0.9, `${JSON.stringify(move)}, seed ${seed}: ${likeness}`);
    }
  }
});

Deno.test("compareDetail() tells pictures apart", () => {
  const thumbnails = Array.from({ length: 20 }, (_, seed) => thumbnail(seed));
  for (const [i, first] of thumbnails.entries()) {
    for (const second of thumbnails.slice(i + 1)) {
      assertLess(compareDetail(first, second, turn(0)), 0.5);
    }
  }
});

Deno.test("compareDetail() is 0 for a picture without detail", () => {
  const flat = new Float32Array(SIDE * SIDE).fill(128);
  assertEquals(compareDetail(flat, flat, turn(0)), 0);
  assertEquals(compareDetail(flat, thumbnail(1), turn(0)), 0);
});
