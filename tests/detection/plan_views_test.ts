import { assert, assertEquals } from "@std/assert";
import { planViews, toPhoto } from "../../lib/detection/plan_views.ts";

Deno.test("planViews() gives small and large photos a longer side of 640 pixels, in whole cells", () => {
  for (const [width, height, rows] of [[400, 300, 480], [4000, 3000, 480], [3000, 100, 32]]) {
    const [view, ...others] = planViews({ width: width!, height: height! });
    assertEquals(others, []);
    assertEquals([view!.width, view!.inputWidth, view!.inputHeight], [640, 640, rows]);
    assertEquals(view!.box, { left: 0, top: 0, width, height });
  }
});

Deno.test("planViews() gives the smallest face that is sought 10 pixels", () => {
  const size = { width: 1000, height: 500 };
  const [view] = planViews(size, 20);
  assertEquals([view!.width, view!.height], [500, 250]);
  assertEquals(planViews(size, 1e6).map(({ width }) => width), [32]);
  const tiles = planViews({ width: 8000, height: 5000 }, 10);
  for (const { width, box, largest } of tiles) {
    if (largest < Infinity) assert(Math.abs(width / box.width - 1) < 0.01);
  }
  assertEquals(tiles.filter(({ largest }) => largest === Infinity).length, 1);
});

Deno.test("planViews() covers a huge photo with tiles that overlap and are at most 1024 pixels", () => {
  for (const size of [{ width: 8000, height: 5000 }, { width: 1025, height: 60 }]) {
    const tiles = planViews(size, 10).filter(({ largest }) => largest < Infinity);
    for (const { inputWidth, inputHeight } of tiles) {
      assert(inputWidth <= 1024 && inputHeight <= 1024);
    }
    // Any face of up to 128 pixels is whole in one of them.
    for (let left = 0; left < size.width; left += 61) {
      for (let top = 0; top < size.height; top += 61) {
        const right = Math.min(size.width, left + 120), bottom = Math.min(size.height, top + 120);
        assert(
          tiles.some(({ box }) =>
            box.left <= left && box.top <= top && box.left + box.width >= right &&
            box.top + box.height >= bottom
          ),
        );
      }
    }
  }
});

Deno.test("toPhoto() leaves out what the edge of a tile cuts, and keeps what the photo's edge does", () => {
  const photo = { width: 200, height: 100 };
  const view = {
    box: { left: 100, top: 0, width: 100, height: 100 },
    width: 50,
    height: 50,
    inputWidth: 64,
    inputHeight: 64,
    largest: 30,
  };
  const face = (left: number, top: number, side = 10) => ({
    left,
    top,
    width: side,
    height: side,
    score: 0.5,
  });
  const found = toPhoto([face(5, 5), face(-1, 5), face(45, -2), face(5, 5, 31)], view, photo);
  assertEquals(found, [
    { left: 110, top: 10, width: 20, height: 20, score: 0.5 },
    { left: 190, top: -4, width: 20, height: 20, score: 0.5 },
  ]);
});
