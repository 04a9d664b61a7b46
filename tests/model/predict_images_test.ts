import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Tensor } from "@tensorflow/tfjs-node";
import { join } from "node:path";
import sharp from "sharp";
import { scaleImages } from "../../lib/model/batches.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { classifyCrop, narrowToBinary, predictImages } from "../../lib/model/predict_images.ts";
import { PREPROCESSING } from "../../lib/model/saved_model.ts";
import { CLASSES, type Task } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet, withFolder } from "../fixtures/photos.ts";

const images = makeImageSet(5, 24);

Deno.test("predictImages() gives the same in batches as at once, row after row", async () => {
  for (const classes of [2, 3]) {
    await assertNoLeak(async () => {
      const model = buildCnn({ size: 24, classes });
      const whole = tf.tidy(() =>
        (model.predict(scaleImages(images, [0, 1, 2, 3, 4])) as Tensor).dataSync()
      );
      const parts = await predictImages(model, images, undefined, { batchSize: 2 });
      assertEquals(parts.length, classes === 2 ? 5 : 15);
      parts.forEach((value, i) => assertAlmostEquals(value, whole[i]!, 1e-6));
      model.dispose();
    });
  }
});

Deno.test("predictImages() of nothing is nothing", async () => {
  const model = buildCnn({ size: 24 });
  assertEquals(await predictImages(model, images, []), new Float32Array());
  model.dispose();
});

Deno.test("narrowToBinary() leaves masks worn incorrectly out of account", () => {
  // without_mask, with_mask, mask_weared_incorrect
  for (
    const [scores, expected] of [
      [[0.2, 0.8, 0], 0.8],
      [[0.1, 0.3, 0.6], 0.75],
      [[0.5, 0, 0.5], 0],
      [[0, 1e-6, 1 - 1e-6], 1],
      [[0, 0, 1], 0.5],
    ] as const
  ) assertAlmostEquals(narrowToBinary(Float32Array.from(scores))[0]!, expected, 1e-6);
  assertEquals(
    narrowToBinary(Float32Array.of(0.25, 0.75, 0, 0.5, 0.125, 0.375)),
    Float32Array.of(0.75, 0.2),
  );
  assertEquals(narrowToBinary(new Float32Array()), new Float32Array());
  assertThrows(() => narrowToBinary(new Float32Array(4)), RangeError, "got 4 in total");
});

Deno.test("classifyCrop() names the likelier class and its probability", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "photo.png");
    const raw = { width: 24, height: 24, channels: 3 as const };
    await sharp(images.pixels.subarray(0, 24 * 24 * 3), { raw }).png().toFile(file);
    for (const [task, classes] of Object.entries(CLASSES)) {
      await assertNoLeak(async () => {
        const model = buildCnn({ size: 24, classes: classes.length });
        const info = {
          classes: CLASSES[task as Task],
          size: 24,
          preprocessing: PREPROCESSING,
          trainedOn: "",
        };
        const { label, probability } = await classifyCrop({ model, info }, file);
        const scores = [...await predictImages(model, images, [0])];
        const probabilities = scores.length === 1 ? [1 - scores[0]!, scores[0]!] : scores;
        assertAlmostEquals(probability, Math.max(...probabilities), 1e-6);
        assertEquals(label, classes[probabilities.indexOf(Math.max(...probabilities))]);
        model.dispose();
      });
    }
  });
});

Deno.test("classifyCrop() refuses data that are not a photo", async () => {
  const model = buildCnn({ size: 24 });
  const info = { classes: CLASSES.binary, size: 24, preprocessing: PREPROCESSING, trainedOn: "" };
  await assertRejects(
    () => classifyCrop({ model, info }, import.meta.filename!),
    Deno.errors.InvalidData,
  );
  await assertRejects(() => classifyCrop({ model, info }, "missing.jpg"), Deno.errors.NotFound);
  model.dispose();
});
