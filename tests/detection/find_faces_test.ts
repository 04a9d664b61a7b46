import { assert, assertEquals, assertRejects } from "@std/assert";
import type { FaceNetwork } from "../../lib/detection/face_network.ts";
import { createDetector, findFaces, toInput } from "../../lib/detection/find_faces.ts";
import { planViews } from "../../lib/detection/plan_views.ts";
import { bytesToFloats } from "../../lib/engine/native_ops.ts";
import type { Platform } from "../../lib/engine/platform.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { resamplePhoto } from "../../lib/images/resample.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const platform: Platform = { tf, resize: resamplePhoto, toFloats: bytesToFloats };
const photo = { width: 200, height: 100, pixels: new Uint8Array(200 * 100 * 3).fill(7) };
const box = { left: 10, top: 20, width: 40, height: 40 };

/** Not CenterFace: it says the same of any input. */
function makeNetwork(scores: number[], shapes: number[][] = []): FaceNetwork {
  return {
    findBoxes(x, minScore) {
      shapes.push(x.shape);
      const boxes = scores.map((score, i) => ({ ...box, left: box.left + 60 * i, score }));
      return Promise.resolve(boxes.filter(({ score }) => score >= minScore));
    },
    dispose() {},
  };
}

Deno.test("findFaces() takes any network: one view, boxes in pixels of the photo", async () => {
  await assertNoLeak(async () => {
    const shapes: number[][] = [];
    const detector = createDetector(makeNetwork([0.4, 0.9, 0.2], shapes), platform);
    const faces = await findFaces(detector, photo, { facesFrom: 20, minScore: 0.3 });
    assertEquals(shapes, [[1, 64, 128, 3]]);
    assertEquals(faces, [
      { left: 140, top: 40, width: 60, height: 60, score: 0.9 },
      { left: 20, top: 40, width: 80, height: 60, score: 0.4 },
    ]);
    await findFaces(detector, photo);
    assertEquals(shapes[1], [1, 320, 640, 3]);
  });
});

Deno.test("findFaces() refuses sizes of faces that cannot be", async () => {
  const detector = createDetector(makeNetwork([]), platform);
  for (const facesFrom of [0, 1, -5, NaN, Infinity]) {
    const message = `facesFrom must be a number of pixels from 2 on, got ${facesFrom}`;
    await assertRejects(() => findFaces(detector, photo, { facesFrom }), RangeError, message);
  }
});

Deno.test("findFaces() looks at a huge photo in tiles of bounded size, and finds each face once", async () => {
  const wide = { width: 4000, height: 1500, pixels: new Uint8Array(4000 * 1500 * 3) };
  // Faces are bright squares of 24 pixels: the network finds where the input is bright.
  const faces = [[100, 100], [880, 440], [1000, 700], [2980, 1400], [3950, 20]] as const;
  for (const [left, top] of faces) {
    for (let y = top; y < top + 24; y++) {
      wide.pixels.fill(255, 3 * (4000 * y + left), 3 * (4000 * y + left + 24));
    }
  }
  const shapes: number[][] = [];
  const network: FaceNetwork = {
    async findBoxes(x) {
      shapes.push(x.shape);
      const [, height, width] = x.shape;
      const values = await x.data<"float32">(), boxes = [];
      const isBright = (row: number, column: number) =>
        row >= 0 && column >= 0 && row < height && column < width &&
        values[3 * (row * width + column)]! > 128;
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          if (!isBright(row, column) || isBright(row - 1, column) || isBright(row, column - 1)) {
            continue;
          }
          let wide = 0, high = 0;
          while (isBright(row, column + wide)) wide++;
          while (isBright(row + high, column)) high++;
          // As a network does, it guesses on where a face is cut.
          boxes.push({ left: column, top: row, width: wide, height: high, score: 0.9 });
        }
      }
      return boxes.filter(({ width, height }) => width > 5 && height > 5);
    },
    dispose() {},
  };
  const found = await findFaces(createDetector(network, platform), wide, { facesFrom: 10 });
  const at = found.map(({ left, top }) => [Math.round(left), Math.round(top)]);
  assertEquals(at.toSorted((a, b) => a[0]! - b[0]!), faces.map((face) => [...face]));
  assert(shapes.length > 8);
  for (const [, height, width] of shapes) assert(height! <= 1024 && width! <= 1024);
});

Deno.test("findFaces() disposes its input where the network fails", async () => {
  const network = { ...makeNetwork([]), findBoxes: () => Promise.reject(new Error("no memory")) };
  const detector = createDetector(network, platform);
  await assertNoLeak(() => assertRejects(() => findFaces(detector, photo), Error, "no memory"));
});

Deno.test("toInput() puts the photo into the top left corner of a black input", async () => {
  const [view] = planViews(photo, 20);
  const x = await toInput(platform, photo, view!);
  const values = await x.data<"float32">();
  const at = (left: number, top: number) => values[3 * (top * 128 + left)];
  assertEquals([at(0, 0), at(99, 49), at(100, 0), at(0, 50)], [7, 7, 0, 0]);
  assert(x.dtype === "float32");
  x.dispose();
});
