import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import {
  applyTemperature,
  fitTemperature,
  measureCalibration,
  undoRepeats,
} from "../../lib/evaluation/calibration.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const expit = (z: number) => 1 / (1 + Math.exp(-z));
const softmax = (z: number[]) => {
  const powers = z.map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
};

/** Numbers spread evenly in 0..1, the same in every language. */
const spread = (step: number) => Array.from({ length: 200 }, (_, i) => (i * step) % 1);
const [a, b, c, d] = [
  0.6180339887498949,
  0.7548776662466927,
  0.5698402909980532,
  0.8191725133961645,
]
  .map(spread) as [number[], number[], number[], number[]];

/** Two classes, surer than they may be; three classes, not sure enough. */
const TWO = {
  labels: a.map((value, i) => Number(b[i]! < expit(3 * (value - 0.5)))),
  probabilities: a.map((value) => expit(8 * (value - 0.5))),
};
const THREE = {
  labels: a.map((_, i) => {
    const [first, second] = softmax([a, b, c].map((z) => 5 * z[i]!)) as [number, number];
    return Number(d[i]! > first) + Number(d[i]! > first + second);
  }),
  probabilities: a.flatMap((_, i) => softmax([a, b, c].map((z) => 2 * z[i]!))),
};

// SciPy 1.15.3, NumPy 2.2.6:
// i = np.arange(200)
// a, b, c, d = ((i * k) % 1 for k in (0.6180339887498949, 0.7548776662466927, 0.5698402909980532,
//                                     0.8191725133961645))
// def ece(y, P, bins):
//     label, confidence = P.argmax(1), P.max(1)
//     place = np.minimum((confidence * bins).astype(int), bins - 1)
//     return sum(abs((confidence - (label == y))[place == k].sum()) for k in range(bins)) / len(y)
// def temperature(y, P):
//     nll = lambda t: -log_softmax(np.log(P) / np.exp(t), axis=1)[np.arange(len(y)), y].sum()
//     return np.exp(minimize_scalar(nll, bounds=(-2, 2), method="bounded", options={"xatol": 1e-12}).x)
// p = expit(8 * (a - 0.5)); y = (b < expit(3 * (a - 0.5))).astype(int); P = np.c_[1 - p, p]
// print(ece(y, P, 5), ece(y, P, 15), temperature(y, P))
// Z = 2 * np.c_[a, b, c]; P = softmax(Z, axis=1)
// y = (d[:, None] > softmax(2.5 * Z, axis=1).cumsum(1)).sum(1)
// print(ece(y, P, 5), ece(y, P, 15), temperature(y, P))
const REFERENCES = [
  { ...TWO, classes: 2, errors: [0.157017167735736, 0.1607337891263605], best: 2.73561195506236 },
  {
    ...THREE,
    classes: 3,
    errors: [0.20051720388256755, 0.2005172038825675],
    best: 0.4018839631791142,
  },
];

for (const { labels, probabilities, classes, errors, best } of REFERENCES) {
  Deno.test(`measureCalibration() has NumPy's error for ${classes} classes`, () => {
    for (const [i, bins] of [5, 15].entries()) {
      const { error } = measureCalibration(labels, probabilities, classes, { bins });
      assertAlmostEquals(error, errors[i]!, 1e-12);
    }
    const { error } = measureCalibration(labels, probabilities, classes);
    assertAlmostEquals(error, errors[1]!, 1e-12);
  });

  Deno.test(`fitTemperature() has SciPy's minimum for ${classes} classes`, () => {
    assertAlmostEquals(fitTemperature(labels, probabilities, classes), best, 1e-5);
  });
}

Deno.test("measureCalibration() puts each prediction into the bin of its confidence", () => {
  const labels = [1, 0, 0, 1, 1, 0];
  const probabilities = [1, 0.95, 0.1, 0.5, 0.6, 0.25];
  const { error, bins } = measureCalibration(labels, probabilities, 2, { bins: 4 });
  // 0.5, 0.6 of right ones; then 1, 0.95 (wrong), 0.9 and 0.75.
  assertEquals(bins.map(({ n, accuracy }) => [n, accuracy]), [[2, 1], [4, 3 / 4]]);
  bins.forEach(({ confidence }, i) => assertAlmostEquals(confidence, [0.55, 0.9][i]!, 1e-12));
  assertAlmostEquals(error, (2 * 0.45 + 4 * 0.15) / 6, 1e-12);
});

Deno.test("measureCalibration() and fitTemperature() find nothing to mend where nothing is amiss", () => {
  // What is said with 0.8 is right four times of five.
  const labels = [1, 1, 1, 1, 0], probabilities = labels.map(() => 0.8);
  assertAlmostEquals(measureCalibration(labels, probabilities, 2).error, 0, 1e-12);
  assertAlmostEquals(fitTemperature(labels, probabilities, 2), 1, 1e-6);
});

Deno.test("fitTemperature() does not make a model surer because a few photos were all right", () => {
  assertEquals(fitTemperature([1, 0, 1], [0.6, 0.4, 0.9], 2), 1);
  assertEquals(fitTemperature([1, 0], [0.3, 0.6, 0.1, 0.8, 0.1, 0.1], 3), 1);
});

Deno.test("fitTemperature() stays within its bounds, also for certainties", () => {
  const right = fitTemperature([1, 0, 1], [0.6, 0.4, 0.4999], 2);
  assertAlmostEquals(right, 0.2, 1e-6);
  assertAlmostEquals(fitTemperature([1, 0], [0, 1], 2), 5, 1e-6);
});

Deno.test("measureCalibration() and fitTemperature() refuse what does not fit", () => {
  for (const bins of [0, 1.5, NaN]) {
    assertThrows(() => measureCalibration([1], [0.5], 2, { bins }), RangeError, `got ${bins}`);
  }
  for (const measure of [measureCalibration, fitTemperature]) {
    assertThrows(() => measure([], [], 2), RangeError, "labels must be at least one");
    assertThrows(() => measure([2], [0.5], 2), RangeError, "label 0");
    assertThrows(() => measure([1], [1.5], 2), RangeError, "probability 0");
    assertThrows(() => measure([1, 0], [0.5, 0.5, 0.5], 2), RangeError, "got 3");
  }
});

const predict = (model: LayersModel, x: Tensor) =>
  tf.tidy(() => (model.predict(x) as Tensor).arraySync() as number[][]);

Deno.test("applyTemperature() divides the logits of a sigmoid and of a softmax", async () => {
  for (const classes of [2, 3]) {
    await assertNoLeak(async () => {
      const model = buildCnn({ size: 22, classes });
      const last = model.layers.at(-1)!;
      // A bias too, and logits that are not near 0.
      tf.tidy(() => last.setWeights(last.getWeights().map((weight) => tf.add(weight, 0.3).mul(5))));
      const x = tf.randomUniform([4, 22, 22, 3], 0, 1, "float32", 1);
      const before = predict(model, x);
      await assertNoLeak(() => applyTemperature(model, 2.5));
      for (const [row, probabilities] of predict(model, x).entries()) {
        const expected = classes === 2
          ? before[row]!.map((p) => expit(Math.log(p / (1 - p)) / 2.5))
          : softmax(before[row]!.map((p) => Math.log(p) / 2.5));
        probabilities.forEach((p, i) => assertAlmostEquals(p, expected[i]!, 1e-5));
        assert(probabilities.some((p, i) => Math.abs(p - before[row]![i]!) > 1e-3), "no change");
      }
      tf.dispose(x);
      model.dispose();
    });
  }
});

Deno.test("applyTemperature() refuses other models and temperatures, and changes nothing then", () => {
  const dense = (activation: "relu" | "sigmoid") =>
    tf.layers.dense({ units: 1, activation, inputShape: [2] });
  const sigmoid = tf.sequential({ layers: [dense("sigmoid")] });
  const before = sigmoid.layers[0]!.getWeights()[0]!.dataSync();
  for (const temperature of [0, -1, NaN, Infinity]) {
    assertThrows(() => applyTemperature(sigmoid, temperature), RangeError, `got ${temperature}`);
  }
  assertEquals(sigmoid.layers[0]!.getWeights()[0]!.dataSync(), before);
  for (
    const [layers, found] of [
      [[dense("relu")], "got Dense with relu"],
      [[dense("sigmoid"), tf.layers.dropout({ rate: 0.5 })], "got Dropout"],
    ] as const
  ) {
    const model = tf.sequential({ layers: [...layers] });
    assertThrows(() => applyTemperature(model, 2), TypeError, found);
    model.dispose();
  }
  sigmoid.dispose();
});

Deno.test("undoRepeats() divides each class's odds by how often it was shown", async () => {
  for (const [classes, times] of [[2, [1, 4]], [2, [3, 1]], [3, [1, 2, 5]]] as const) {
    await assertNoLeak(async () => {
      const model = buildCnn({ size: 22, classes });
      const x = tf.randomUniform([4, 22, 22, 3], 0, 1, "float32", 1);
      const before = predict(model, x);
      await assertNoLeak(() => undoRepeats(model, times));
      for (const [row, probabilities] of predict(model, x).entries()) {
        // A sigmoid gives the second class alone.
        const all = (row: number[]) => row.length === 1 ? [1 - row[0]!, row[0]!] : row;
        const weighed = all(before[row]!).map((p, i) => p / times[i]!);
        const total = weighed.reduce((sum, p) => sum + p);
        all(probabilities).forEach((p, i) => assertAlmostEquals(p, weighed[i]! / total, 1e-5));
      }
      tf.dispose(x);
      model.dispose();
    });
  }
});

Deno.test("undoRepeats() makes probabilities of oversampled classes calibrated again", () => {
  // The second class is a tenth of the photos, shown nine times: a model that knows no more says one half.
  const model = buildCnn({ size: 22, classes: 2 });
  const last = model.layers.at(-1)!;
  tf.tidy(() => last.setWeights(last.getWeights().map((weight) => tf.zerosLike(weight))));
  undoRepeats(model, [1, 9]);
  const x = tf.zeros([1, 22, 22, 3]);
  assertAlmostEquals(predict(model, x)[0]![0]!, 0.1, 1e-6);
  tf.dispose(x);
  model.dispose();
});

Deno.test("undoRepeats() refuses numbers that do not fit the classes", () => {
  const model = buildCnn({ size: 22, classes: 3 });
  for (const times of [[1, 1], [1, 1, 0], [1, 1, NaN], [1, 1, 1, 1]]) {
    assertThrows(
      () => undoRepeats(model, times),
      RangeError,
      `times must be 3 positive numbers, got ${times.join(", ")}`,
    );
  }
  model.dispose();
});
