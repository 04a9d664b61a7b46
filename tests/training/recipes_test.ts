import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { LayersModel, Tensor, Tensor4D } from "@tensorflow/tfjs-node";
import { augmentBatch } from "../../lib/training/augment.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { seededRandom } from "../../lib/random.ts";
import { RECIPES } from "../../lib/training/recipes.ts";
import { trainModel } from "../../lib/training/train_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet } from "../fixtures/photos.ts";

const read = (model: LayersModel) => model.getWeights().map((weight) => weight.dataSync());

for (const [name, { description, build, training }] of Object.entries(RECIPES)) {
  Deno.test(`RECIPES.${name} builds what the task needs, the same for a seed`, async () => {
    assert(description.length > 0);
    for (const classes of [2, 3]) {
      await assertNoLeak(async () => {
        const [model, same, other] = [
          await build({ size: 64, classes, seed: 1 }),
          await build({ size: 64, classes, seed: 1 }),
          await build({ size: 64, classes, seed: 2 }),
        ];
        assertEquals(model.inputs[0]!.shape, [null, 64, 64, 3]);
        assertEquals(model.outputs[0]!.shape, [null, classes === 2 ? 1 : classes]);
        assertEquals(read(model), read(same));
        assert(read(model).at(-2)!.some((value, i) => value !== read(other).at(-2)![i]));
        tf.tidy(() => {
          const rows = (model.predict(tf.ones([2, 64, 64, 3])) as Tensor).arraySync() as number[][];
          for (const row of rows) {
            assert(row.every((p) => p > 0 && p < 1));
            if (classes > 2) assertAlmostEquals(row.reduce((sum, p) => sum + p), 1, 1e-6);
          }
        });
        for (const built of [model, same, other]) built.dispose();
      });
    }
  });

  Deno.test(`RECIPES.${name} has settings that augmentBatch() and trainModel() take`, async () => {
    const { augment, epochs, learningRate } = training;
    assert(Number.isInteger(epochs) && epochs > 0);
    assert(learningRate > 0 && learningRate < 0.1);
    await assertNoLeak(async () => {
      tf.tidy(() => {
        const x = tf.ones([2, 32, 32, 3]) as Tensor4D;
        assertEquals(augmentBatch(x, seededRandom(1), augment).shape, x.shape);
      });
      const images = makeImageSet(12, 32);
      const model = await build({ size: 32, classes: 2, seed: 1 });
      const before = read(model);
      const { history } = await trainModel(model, images, {
        ...training,
        epochs: 1,
        batchSize: 4,
        classes: CLASSES.binary,
        train: [0, 1, 2, 3, 4, 5, 6, 7],
        validation: [8, 9, 10, 11],
      });
      assert(Number.isFinite(history.loss[0]));
      assert(read(model)[0]!.some((value, i) => value !== before[0]![i]), "nothing is trained");
      model.dispose();
    });
  });

  Deno.test(`RECIPES.${name} refuses a size that its network does not take`, async () => {
    const built = build({ size: 20, classes: 2, seed: 1 }); // rejects, does not throw
    await assertRejects(() => built, RangeError, "size must be");
  });
}
