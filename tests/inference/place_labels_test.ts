import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { placeLabels } from "../../lib/inference/place_labels.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Box } from "../../lib/types.ts";

const PICTURE = { width: 300, height: 200 };
const LABEL = { width: 60, height: 15 };
const place = (boxes: Box[], labels = boxes.map(() => [LABEL]), picture = PICTURE) =>
  placeLabels(boxes, labels, picture);
const toBox = ([left, top, width, height]: readonly [number, number, number, number]): Box => ({
  left,
  top,
  width,
  height,
});
const overlaps = (a: Box, b: Box) =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height &&
  b.top < a.top + a.height;
/** Faces in rows and columns, each `size` wide and high, `step` apart. */
const grid = (columns: number, rows: number, size: number, [across, down]: [number, number]) =>
  Array.from({ length: columns * rows }, (_, i) => ({
    left: 10 + across * (i % columns),
    top: 10 + down * Math.floor(i / columns),
    width: size,
    height: size,
  }));

Deno.test("placeLabels() goes above, below, inside or beside, as there is room", () => {
  const cases: [name: string, box: Box, left: number, top: number][] = [
    ["above", toBox([100, 80, 50, 60]), 100, 65],
    ["above, kept in the picture", toBox([280, 80, 15, 20]), 240, 65],
    ["below, as the box begins at the top", toBox([100, 0, 50, 60]), 100, 60],
    ["inside, as the box fills the picture", toBox([0, 0, 300, 200]), 0, 0],
    ["right, as a narrow box is as high as the picture", toBox([20, 0, 30, 200]), 50, 0],
    ["left, as nothing else is left", toBox([270, 0, 30, 200]), 210, 0],
  ];
  for (const [name, box, left, top] of cases) {
    const [label] = place([box]);
    assertEquals([name, label!.left, label!.top], [name, left, top]);
  }
});

Deno.test("placeLabels() hides no face and no label while there is room, and says the words in full", () => {
  const crowds = {
    "faces above each other": grid(1, 4, 40, [0, 45]),
    "faces side by side": grid(4, 1, 40, [45, 0]),
    "rows of faces, each narrower than its label": grid(4, 3, 30, [70, 60]),
  };
  for (const [name, boxes] of Object.entries(crowds)) {
    const labels = place(boxes, boxes.map(() => [LABEL, { width: 40, height: 15 }]));
    assertEquals(labels.map(({ wording }) => wording), boxes.map(() => 0), name);
    for (const [i, label] of labels.entries()) {
      const hidden = [...boxes, ...labels].filter((it, j) =>
        it !== label && j !== i && overlaps(label, it)
      );
      assertEquals(hidden, [], `${name}: label ${i}`);
    }
  }
});

Deno.test("placeLabels() takes a shorter wording where the full one would hide something", () => {
  const boxes = grid(7, 1, 40, [41, 0]).map((box) => ({ ...box, top: 0, height: 55 }));
  const picture = { width: 300, height: 70 };
  const wordings = boxes.map(() => [{ width: 110, height: 15 }, { width: 38, height: 15 }]);
  const labels = place(boxes, wordings, picture);
  assert(labels.some(({ wording }) => wording === 1));
  for (const [i, a] of labels.entries()) {
    assertEquals([a.width, a.height], Object.values(wordings[i]![a.wording]!));
    for (const b of labels.slice(i + 1)) assert(!overlaps(a, b));
  }
});

Deno.test("placeLabels() keeps each label in the picture, and repeats its result", () => {
  const random = seededRandom(5);
  const boxes = Array.from({ length: 60 }, () => ({
    left: 320 * random() - 20,
    top: 220 * random() - 20,
    width: 60 * random(),
    height: 60 * random(),
  }));
  const labels = place(boxes);
  for (const { left, top, width, height } of labels) {
    assert(left >= 0 && top >= 0 && left + width <= 300 && top + height <= 200);
  }
  assertEquals(place(boxes), labels);
  const [large] = place([boxes[0]!], [[{ width: 400, height: 300 }]]);
  assertEquals([large!.left, large!.top], [0, 0]);
});

Deno.test("placeLabels() takes under a second for 1,000 faces in a crowd", () => {
  const boxes = grid(40, 25, 40, [50, 50]);
  const began = performance.now();
  place(boxes, boxes.map(() => [LABEL, { width: 40, height: 15 }]), { width: 2100, height: 1300 });
  assertLess(performance.now() - began, 1000);
});

Deno.test("placeLabels() refuses labels without a box or without words", () => {
  assertEquals(place([]), []);
  const box = toBox([0, 0, 9, 9]);
  assertThrows(() => place([box], []), RangeError, "wordings must be 1, one per box, got 0");
  assertThrows(() => place([box], [[]]), RangeError, "a label must have a wording, got none");
});
