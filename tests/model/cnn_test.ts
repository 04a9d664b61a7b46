import { assert, assertEquals, assertThrows } from "@std/assert";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const outputs = (model: LayersModel, size: number, training: boolean) =>
  tf.tidy(() => {
    const x = tf.ones([2, size, size, 3]);
    return [...(model.apply(x, { training }) as Tensor).dataSync()];
  });

Deno.test("buildCnn() has the walkthrough's layers and sizes", async () => {
  await assertNoLeak(() => {
    const model = buildCnn();
    const layers = model.layers.map((layer) => layer.getClassName());
    const block = ["Conv2D", "MaxPooling2D"];
    const head = ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"];
    assertEquals(layers, [...block, ...block, ...block, ...head]);
    // Keras: Conv2D 896 + 18,496 + 73,856; Dense(128) on 14 * 14 * 128: 3,211,392; 8,256; 65.
    assertEquals(model.countParams(), 3_312_961);
    model.dispose();
  });
});

Deno.test("buildCnn() ends in a sigmoid for two classes, in a softmax for three", async () => {
  await assertNoLeak(() => {
    const two = buildCnn({ size: 22 }), three = buildCnn({ size: 22, classes: 3 });
    assertEquals([two.outputs[0]!.shape, three.outputs[0]!.shape], [[null, 1], [null, 3]]);
    assert(outputs(two, 22, false).every((p) => p > 0 && p < 1));
    const [a, b, c] = outputs(three, 22, false) as [number, number, number];
    assert(Math.abs(a + b + c - 1) < 1e-6);
    two.dispose();
    three.dispose();
  });
});

Deno.test("buildCnn() repeats itself for a seed: weights and dropout masks", () => {
  const [a, b, c] = [
    buildCnn({ size: 22, seed: 5 }),
    buildCnn({ size: 22, seed: 5 }),
    buildCnn({ size: 22, seed: 6 }),
  ];
  assertEquals(outputs(a, 22, false), outputs(b, 22, false));
  assert(outputs(a, 22, false)[0] !== outputs(c, 22, false)[0]);
  const first = outputs(a, 22, true), second = outputs(a, 22, true);
  assert(first.join() !== second.join(), "each step has a mask of its own");
  assertEquals([outputs(b, 22, true), outputs(b, 22, true)], [first, second]);
  for (const model of [a, b, c]) model.dispose();
});

Deno.test("dropout keeps a half and doubles it, and its gradient follows the mask", async () => {
  await assertNoLeak(() => {
    const model = buildCnn({ size: 22, dropout: 0.5 });
    const dropout = model.layers.find((layer) => layer.getClassName() === "Dropout")!;
    tf.tidy(() => {
      const x = tf.ones([100, 100]);
      const gradient = tf.grad((x: Tensor) => dropout.apply(x, { training: true }) as Tensor)(x)
        .dataSync();
      const kept = gradient.filter((value) => value === 2).length;
      assertEquals(gradient.filter((value) => value !== 0).length, kept);
      assert(Math.abs(kept - 5000) < 250, `${kept} of 10,000 kept`); // five standard deviations
    });
    model.dispose();
  });
});

Deno.test("buildCnn() refuses sizes that leave nothing after pooling", () => {
  assertThrows(() => buildCnn({ size: 21 }), RangeError, "22 pixels, got 21");
  assertThrows(() => buildCnn({ classes: 1 }), RangeError, "classes");
});
