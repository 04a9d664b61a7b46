import { assertEquals, assertRejects } from "@std/assert";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import { measureCalibration } from "../../lib/evaluation/calibration.ts";
import { evaluateModel } from "../../lib/evaluation/evaluate_model.ts";
import { evaluateScores } from "../../lib/evaluation/metrics.ts";
import { CLASSES, type ClassName, type ImageSet } from "../../lib/types.ts";

/** Photos of one pixel; the model's probabilities are the shares of its red, green and blue. */
function makeSet(photos: (readonly [ClassName, number, number, number])[]): ImageSet {
  return {
    size: 1,
    pixels: Uint8Array.from(photos.flatMap(([, ...rgb]) => rgb)),
    samples: photos.map(([className], i) => ({ file: `${i}.jpg`, className })),
    unreadable: [],
  };
}

/** `[1, 1, 3]` in 0..1 to a sigmoid of red, or to a softmax of all three. */
function makeModel(classes: 2 | 3): LayersModel {
  const units = classes === 2 ? 1 : 3;
  const dense = tf.layers.dense({ units, activation: classes === 2 ? "sigmoid" : "softmax" });
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [1, 1, 3] }), dense],
  });
  tf.tidy(() =>
    dense.setWeights([
      classes === 2 ? tf.tensor2d([8, 0, 0], [3, 1]) : tf.mul(tf.eye(3), 8),
      classes === 2 ? tf.tensor1d([-4]) : tf.zeros([3]),
    ])
  );
  return model;
}

const PHOTOS = makeSet([
  ["without_mask", 255, 0, 0],
  ["with_mask", 0, 255, 0],
  ["with_mask", 255, 100, 0],
  ["without_mask", 100, 0, 255],
  ["with_mask", 0, 90, 255],
  ["mask_weared_incorrect", 0, 0, 255],
]);

Deno.test("evaluateModel() gives what labels, scores and metrics give one by one, and leaks nothing", async () => {
  const model = makeModel(3);
  const before = tf.memory().numTensors;
  const all = [...PHOTOS.samples.keys()], classes = CLASSES["three-class"];
  const { evaluation, calibration, labels, scores } = await evaluateModel(
    model,
    PHOTOS,
    all,
    classes,
  );
  assertEquals(tf.memory().numTensors, before);
  assertEquals([labels, scores.length], [[0, 1, 1, 0, 1, 2], 18]);
  assertEquals(calibration, measureCalibration(labels, scores, 3));
  const { calibrationError, warnings, ...rest } = evaluation;
  assertEquals(warnings, ["the set has 6 photos: with fewer than 50, results vary much by chance"]);
  assertEquals(rest, evaluateScores(labels, scores, classes));
  assertEquals(calibrationError, calibration.error);
  // Photos 0, 1 and 5 are right, by their strongest colour.
  assertEquals(evaluation.accuracy, 3 / 6);
  model.dispose();
});

Deno.test("evaluateModel() judges a model of three classes on two, and counts its third answers", async () => {
  const model = makeModel(3);
  const { evaluation, scores } = await evaluateModel(
    model,
    PHOTOS,
    [0, 1, 2, 3, 4],
    CLASSES.binary,
  );
  assertEquals([scores.length, evaluation.classes], [5, [...CLASSES.binary]]);
  // Blue is strongest in photos 3 and 4; without it both are right, and 2 alone is wrong.
  assertEquals(evaluation.otherAnswers, { className: "mask_weared_incorrect", count: 2 });
  assertEquals(evaluation.accuracy, 4 / 5);
  model.dispose();
});

Deno.test("evaluateModel() counts no third answers of a model of two classes", async () => {
  const model = makeModel(2);
  const { evaluation } = await evaluateModel(model, PHOTOS, [0, 1, 2], CLASSES.binary);
  assertEquals("otherAnswers" in evaluation, false);
  assertEquals(evaluation.confusion, [[0, 1], [1, 1]]);
  model.dispose();
});

Deno.test("evaluateModel() gives the recall of one class alone", async () => {
  const model = makeModel(3);
  const { evaluation } = await evaluateModel(model, PHOTOS, [1, 2], CLASSES.binary);
  assertEquals([evaluation.perClass[1]!.recall, evaluation.perClass[0]!.support], [0.5, 0]);
  assertEquals(evaluation.auc, null);
  model.dispose();
});

Deno.test("evaluateModel() refuses a class that is not judged, and no photo", async () => {
  const model = makeModel(3);
  for (
    const [indices, message] of [
      [[5], "the label of 5.jpg must be one of without_mask, with_mask, got mask_weared_incorrect"],
      [[], "labels must be at least one"],
    ] as const
  ) {
    await assertRejects(
      () => evaluateModel(model, PHOTOS, indices, CLASSES.binary),
      RangeError,
      message,
    );
  }
  model.dispose();
});
