import { assert, assertEquals, assertRejects } from "@std/assert";
import type { FaceNetwork } from "../../lib/detection/face_network.ts";
import { createDetector, findFaces, toInput } from "../../lib/detection/find_faces.ts";
import { planPass } from "../../lib/detection/passes.ts";
import { bytesToFloats } from "../../lib/engine/native_ops.ts";
import type { Platform } from "../../lib/engine/platform.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { resamplePhoto } from "../../lib/images/resample.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const platform: Platform = { tf, resize: resamplePhoto, toFloats: bytesToFloats };
const photo = { width: 200, height: 100, pixels: new Uint8Array(200 * 100 * 3).fill(7) };
const box = { left: 10, top: 20, width: 40, height: 40 };

/** Not an SSD: it says the same of any input. */
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

Deno.test("findFaces() takes any network: one pass per size, boxes in pixels of the photo", async () => {
  await assertNoLeak(async () => {
    const shapes: number[][] = [];
    const detector = createDetector(makeNetwork([0.4, 0.9, 0.2], shapes), platform);
    const faces = await findFaces(detector, photo, { sizes: [100] });
    assertEquals(shapes, [[1, 64, 128, 3]]);
    assertEquals(faces, [
      { left: 140, top: 40, width: 60, height: 60, score: 0.9 },
      { left: 20, top: 40, width: 80, height: 60, score: 0.4 },
    ]);
    assertEquals(
      (await findFaces(detector, photo, { sizes: [100, 200], minScore: 0.5 })).length,
      2,
    );
  });
});

Deno.test("findFaces() disposes its input where the network fails", async () => {
  const network = { ...makeNetwork([]), findBoxes: () => Promise.reject(new Error("no memory")) };
  const detector = createDetector(network, platform);
  await assertNoLeak(() => assertRejects(() => findFaces(detector, photo), Error, "no memory"));
});

Deno.test("toInput() puts the photo into the top left corner of a black input", async () => {
  const x = await toInput(platform, photo, planPass(photo, 100));
  const values = await x.data<"float32">();
  const at = (left: number, top: number) => values[3 * (top * 128 + left)];
  assertEquals([at(0, 0), at(99, 49), at(100, 0), at(0, 50)], [7, 7, 0, 0]);
  assert(x.dtype === "float32");
  x.dispose();
});
