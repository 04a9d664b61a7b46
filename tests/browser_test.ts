/** The entry for pages, Node and Bun, on Deno: what it answers there is tested in package_test.ts and app_test.ts. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { loadMaskFinder } from "../lib/browser.ts";
import { withFolder } from "./fixtures/photos.ts";

const wall = { width: 90, height: 60, pixels: new Uint8Array(90 * 60 * 3).fill(200) };

Deno.test("loadMaskFinder() classifies crops and boxes, and leaves no tensor behind", async () => {
  const finder = await loadMaskFinder();
  const before = tf.memory().numTensors;
  assertEquals(await finder.findMasks(wall), []);
  assertEquals(await finder.findFaces(wall, { facesFrom: 10 }), []);
  assertEquals((await finder.classifyFaces(wall)).length, 1);
  const data = new Uint8ClampedArray(90 * 60 * 4).fill(200);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  const boxes = [{ left: 0, top: 0, width: 90, height: 60 }];
  const canvas = { width: 90, height: 60, data };
  assertEquals(await finder.classifyFaces(canvas, boxes), await finder.classifyFaces(wall));
  assertEquals(await finder.classifyFaces(wall, []), []);
  const outside = [{ left: 500, top: 0, width: 9, height: 9 }];
  await assertRejects(() => finder.classifyFaces(wall, outside), RangeError, "must overlap");
  await assertRejects(() => finder.findMasks({ ...wall, width: 7 }), RangeError, "3 or 4 bytes");
  await assertRejects(() => finder.findMasks(wall, { minScore: 2 }), RangeError, "minScore");
  assertEquals(tf.memory().numTensors, before);
  finder.dispose();
  assertEquals(tf.memory().numTensors, 0);
});

Deno.test("loadMaskFinder() says what is wrong, and leaves no tensor behind", async () => {
  await assertRejects(() => loadMaskFinder({ backend: "steam" }), RangeError, "got steam");
  await withFolder(async (folder) => {
    for (const name of ["classifier", "detector"] as const) {
      const folders = { [name]: pathToFileURL(folder) };
      await assertRejects(() => loadMaskFinder({ folders }), Error, "json cannot be read");
      assertEquals(tf.memory().numTensors, 0, name);
    }
    await Deno.writeTextFile(join(folder, "model.json"), "{}");
    const folders = { classifier: pathToFileURL(folder) };
    await assertRejects(() => loadMaskFinder({ folders }), Error, "damaged: modelTopology must be");
    assertEquals(tf.memory().numTensors, 0);
  });
});
