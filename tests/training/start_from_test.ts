import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { narrowToBinary, predictImages } from "../../lib/model/predict_images.ts";
import { loadClassifier, PREPROCESSING, saveClassifier } from "../../lib/model/saved_model.ts";
import { startFrom } from "../../lib/training/start_from.ts";
import { trainModel } from "../../lib/training/train_model.ts";
import { buildTransferModel } from "../../lib/model/transfer.ts";
import { CLASSES, type ClassName } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet, withFolder } from "../fixtures/photos.ts";

const SIZE = 32;
const images = makeImageSet(16, SIZE);

const describe = (model: LayersModel, classes: readonly ClassName[]) => ({
  model,
  info: { classes, size: SIZE, preprocessing: PREPROCESSING, trainedOn: "nothing" },
});

function assertClose(a: Float32Array, b: Float32Array) {
  assertEquals(a.length, b.length);
  for (const [i, value] of a.entries()) {
    assert(Math.abs(value - b[i]!) < 1e-5, `${i}: ${value}, ${b[i]}`);
  }
}

Deno.test("startFrom() gives another network that says the same, saved and loaded too, and leaks nothing", async () => {
  for (const build of [buildCnn, buildTransferModel]) {
    for (const classes of Object.values(CLASSES)) {
      await assertNoLeak(async () => {
        const model = await build({ size: SIZE, classes: classes.length, seed: 5 });
        const expected = await predictImages(model, images);
        const copy = startFrom(describe(model, classes), classes);
        model.dispose();
        assertClose(await predictImages(copy, images), expected);
        await withFolder(async (folder) => {
          const { info } = describe(copy, classes);
          await saveClassifier({ model: copy, info }, join(folder, "copy"));
          const loaded = await loadClassifier(join(folder, "copy"));
          assertClose(await predictImages(loaded.model, images), expected);
          // Once more: a loaded network has stock dropouts.
          const again = startFrom(loaded, classes);
          assertClose(await predictImages(again, images), expected);
          for (const it of [loaded.model, again]) it.dispose();
        });
        copy.dispose();
      });
    }
  }
});

Deno.test("startFrom() keeps two of three classes, with the probabilities that narrowToBinary() gives", async () => {
  await assertNoLeak(async () => {
    const model = buildCnn({ size: SIZE, classes: 3, seed: 5 });
    const scores = await predictImages(model, images);
    const narrow = startFrom(describe(model, CLASSES["three-class"]), CLASSES.binary);
    assertClose(await predictImages(narrow, images), narrowToBinary(scores));
    for (const it of [model, narrow]) it.dispose();
  });
});

Deno.test("startFrom() returns a trainable network, the same for a seed, and leaves the first model unchanged", async () => {
  const trained = await Promise.all([7, 7, 8].map(async (seed) => {
    const model = buildCnn({ size: SIZE, seed: 5 });
    const before = await predictImages(model, images);
    const copy = startFrom(describe(model, CLASSES.binary), CLASSES.binary, { seed });
    const { history } = await trainModel(copy, images, {
      classes: CLASSES.binary,
      train: [...Array(12).keys()],
      validation: [12, 13, 14, 15],
      epochs: 3,
      batchSize: 4,
      augment: false,
    });
    assertEquals(await predictImages(model, images), before);
    for (const it of [model, copy]) it.dispose();
    return history;
  }));
  assertEquals(trained[0], trained[1]);
  assert(trained[0]!.loss[2] !== trained[2]!.loss[2], "the seed of the dropout changes nothing");
  assert(trained[0]!.loss[2]! < trained[0]!.loss[0]!, `${trained[0]!.loss}`);
});

Deno.test("startFrom() refuses unknown classes, and models that are not a chain of layers", () => {
  const model = buildCnn({ size: SIZE });
  assertThrows(
    () => startFrom(describe(model, CLASSES.binary), CLASSES["three-class"]),
    RangeError,
    "must have the classes without_mask, with_mask, mask_weared_incorrect, got without_mask, with_mask",
  );
  model.dispose();
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  const flat = tf.layers.flatten().apply(input);
  const branches = [1, 2].map(() => tf.layers.dense({ units: 1 }).apply(flat));
  const sum = tf.layers.add().apply(branches as Parameters<typeof tf.model>[0]["inputs"] & []);
  const output = tf.layers.dense({ units: 1, activation: "sigmoid" }).apply(sum);
  const other = tf.model({ inputs: input, outputs: output as ReturnType<typeof tf.input> });
  assertThrows(
    () => startFrom(describe(other, CLASSES.binary), CLASSES.binary),
    TypeError,
    "must be a chain of layers that ends in a dense one",
  );
  other.dispose();
});
