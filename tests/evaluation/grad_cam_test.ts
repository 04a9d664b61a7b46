import { assert, assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/engine/tensorflow.ts";
import { explainPredictions } from "../../lib/evaluation/grad_cam.ts";
import { countPhotos } from "../../lib/photo.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const SIZE = 16;

/** A grey photo with a white square in its upper left quarter. */
function makePhoto() {
  const pixels = new Uint8Array(SIZE * SIZE * 3).fill(80);
  for (let y = 2; y < 6; y++) pixels.fill(255, 3 * (y * SIZE + 2), 3 * (y * SIZE + 6));
  const samples = [{ file: "", className: "with_mask" as const }];
  return { size: SIZE, pixels, samples, unreadable: [] };
}

/** One convolution that passes on what is brighter than 0.5, and a dense layer with these weights. */
function makeModel(weights: number[][], activation: "sigmoid" | "softmax") {
  const conv = tf.layers.conv2d({
    filters: 1,
    kernelSize: 1,
    activation: "relu",
    inputShape: [SIZE, SIZE, 3],
  });
  const dense = tf.layers.dense({ units: weights[0]!.length, activation });
  const model = tf.sequential({ layers: [conv, tf.layers.globalAveragePooling2d({}), dense] });
  tf.tidy(() => {
    conv.setWeights([tf.fill([1, 1, 3, 1], 1 / 3), tf.tensor1d([-0.5])]);
    dense.setWeights([tf.tensor2d(weights), tf.zeros([weights[0]!.length])]);
  });
  return model;
}

/** How far red, green and blue moved, inside the square and outside. */
function measureChange(before: Uint8Array, after: Uint8Array) {
  const change = { inside: 0, outside: 0 };
  before.forEach((level, i) => {
    const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)];
    const isInside = x >= 2 && x < 6 && y >= 2 && y < 6;
    change[isInside ? "inside" : "outside"] += Math.abs(after[i]! - level);
  });
  return change;
}

for (
  const [name, weights, activation] of [
    ["a sigmoid that says yes", [[9]], "sigmoid"],
    ["a softmax", [[0, 9, -9]], "softmax"],
  ] as const
) {
  Deno.test(`explainPredictions() heats what speaks for the class: ${name}`, async () => {
    await assertNoLeak(() => {
      const model = makeModel(weights.map((row) => [...row]), activation);
      const photos = makePhoto();
      const heat = explainPredictions(model, photos, [0]);
      assertEquals([heat.size, countPhotos(heat)], [SIZE, 1]);
      const { inside, outside } = measureChange(photos.pixels, heat.pixels);
      assertEquals(outside, 0);
      assert(inside > 16 * 100, `${inside}`);
      assertEquals(photos.pixels, makePhoto().pixels);
      model.dispose();
    });
  });
}

Deno.test("explainPredictions() takes the negative of one logit for the first class", () => {
  const model = makeModel([[-9]], "sigmoid"); // says no, because of the square
  const photos = makePhoto();
  const { inside } = measureChange(photos.pixels, explainPredictions(model, photos, [0]).pixels);
  assert(inside > 0, "the square speaks for the first class");
  model.dispose();
});

Deno.test("explainPredictions() refuses a model without a convolution", () => {
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [SIZE, SIZE, 3] }), tf.layers.dense({ units: 1 })],
  });
  assertThrows(
    () => explainPredictions(model, makePhoto(), [0]),
    TypeError,
    "must have a convolution",
  );
  model.dispose();
});
