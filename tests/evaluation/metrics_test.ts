import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  confusionMatrix,
  evaluateScores,
  rankMistakes,
  wilsonInterval,
} from "../../lib/evaluation/metrics.ts";
import { rocCurves } from "../../lib/evaluation/roc.ts";

const BINARY = ["without_mask", "with_mask"];
const THREE = [...BINARY, "mask_weared_incorrect"];

// The figures of this file are by scikit-learn 1.9.1 and statsmodels 0.15.0, on these samples:
//   import numpy as np; from sklearn import metrics as m
//   from statsmodels.stats.proportion import proportion_confint
//   i = np.arange(500)
//   y = (i * 7919 % 31 < 14).astype(int); p = (i * 37 % 101 + 40 * y) / 160   # with many ties
//   y3 = i * 7919 % 31 % 3
//   raw = np.stack([(i * 37 + 17 * k) % 101 + 1 + 60 * (y3 == k) for k in range(3)], 1)
//   p3 = raw / raw.sum(1, keepdims=True)
const numbers = [...Array(500).keys()];
const labels = numbers.map((i) => i * 7919 % 31 < 14 ? 1 : 0);
const scores = numbers.map((i) => (i * 37 % 101 + 40 * labels[i]!) / 160);
const labels3 = numbers.map((i) => i * 7919 % 31 % 3);
const scores3 = numbers.flatMap((i) => {
  const row = THREE.map((_, k) => (i * 37 + 17 * k) % 101 + 1 + (labels3[i] === k ? 60 : 0));
  return row.map((value) => value / row.reduce((a, b) => a + b));
});

function assertClose(actual: unknown, expected: unknown, path = "value"): void {
  if (typeof actual === "number" && typeof expected === "number") {
    assertAlmostEquals(actual, expected, 1e-12, `${path} is ${actual}, expected ${expected}`);
  } else if (typeof actual === "object" && typeof expected === "object" && actual && expected) {
    assertEquals(Object.keys(actual), Object.keys(expected), path);
    for (const [key, value] of Object.entries(expected)) {
      assertClose((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else {
    assertEquals(actual, expected, path);
  }
}

// m.accuracy_score, proportion_confint(method="wilson"), m.confusion_matrix,
// m.precision_recall_fscore_support(zero_division=0) and m.roc_auc_score of y and p >= 0.5
const evaluation = {
  n: 500,
  accuracy: 0.714,
  interval: [0.6728768354985485, 0.7518599467839072],
  precision: 0.7128205128205128,
  recall: 0.6150442477876106,
  f1: 0.6603325415676959,
  macroF1: 0.7066774970360068,
  auc: 0.8256088108003358,
  confusion: [[218, 56], [87, 139]],
  classes: BINARY,
  perClass: [
    {
      className: "without_mask",
      precision: 0.7147540983606557,
      recall: 0.7956204379562044,
      f1: 0.7530224525043178,
      support: 274,
    },
    {
      className: "with_mask",
      precision: 0.7128205128205128,
      recall: 0.6150442477876106,
      f1: 0.6603325415676959,
      support: 226,
    },
  ],
};

Deno.test("evaluateScores() agrees with scikit-learn on two classes", () => {
  assertClose(evaluateScores(labels, scores, BINARY), evaluation);
});

Deno.test("evaluateScores() takes a softmax of two, and typed arrays, for the same figures", () => {
  const softmax = Float64Array.from(scores.flatMap((score) => [1 - score, score]));
  assertClose(evaluateScores(Uint8Array.from(labels), softmax, BINARY), evaluation);
});

Deno.test("evaluateScores() agrees with scikit-learn at another threshold", () => {
  // as above, of y and p >= 0.3
  const { confusion, precision, recall, f1, macroF1, auc } = evaluateScores(
    labels,
    scores,
    BINARY,
    { threshold: 0.3 },
  );
  assertEquals(confusion, [[132, 142], [16, 210]]);
  assertClose({ precision, recall, f1, macroF1, auc }, {
    precision: 0.5965909090909091,
    recall: 0.9292035398230089,
    f1: 0.726643598615917,
    macroF1: 0.6761180078387642,
    auc: evaluation.auc,
  });
});

Deno.test("evaluateScores() predicts the positive class at the threshold itself", () => {
  assertEquals(evaluateScores([0, 1], [0.5, 0.5], BINARY).confusion, [[0, 1], [0, 1]]);
});

Deno.test("evaluateScores() agrees with scikit-learn on three classes", () => {
  // as above, of y3 and p3.argmax(1); m.roc_auc_score(y3, p3, multi_class="ovr", average="macro")
  assertClose(evaluateScores(labels3, scores3, THREE), {
    n: 500,
    accuracy: 0.842,
    interval: [0.8074376489887337, 0.8713473021355645],
    precision: 0.8690938641376662,
    recall: 0.8371290545203589,
    f1: 0.8371424517018387,
    macroF1: 0.8371424517018387,
    auc: 0.9248684248765114,
    confusion: [[177, 0, 0], [25, 136, 0], [27, 27, 108]],
    classes: THREE,
    perClass: [
      {
        className: "without_mask",
        precision: 0.7729257641921398,
        recall: 1,
        f1: 0.8719211822660099,
        support: 177,
      },
      {
        className: "with_mask",
        precision: 0.8343558282208589,
        recall: 0.84472049689441,
        f1: 0.8395061728395061,
        support: 161,
      },
      {
        className: "mask_weared_incorrect",
        precision: 1,
        recall: 0.6666666666666666,
        f1: 0.8,
        support: 162,
      },
    ],
  });
});

Deno.test("evaluateScores() predicts the first of equally probable classes", () => {
  const confusion = evaluateScores([0, 1, 2], [1, 1, 1, 0, 1, 1, 1, 0, 1], THREE).confusion;
  assertEquals(confusion, [[1, 0, 0], [0, 1, 0], [1, 0, 0]]);
});

Deno.test("evaluateScores() gives 0 for a share of nothing and null for an undefined area", () => {
  // zero_division=0: m.precision_recall_fscore_support([0, 0, 0], [0, 0, 0], labels=[0, 1]) and so on
  const cases = [
    { labels: [0, 0, 0], scores: [0, 0.1, 0.2], figures: [0, 0, 0, 0.5, null] },
    { labels: [1, 1, 0], scores: [0.1, 0.1, 0.1], figures: [0, 0, 0, 0.25, 0.5] },
    { labels: [1, 1], scores: [1, 1], figures: [1, 1, 1, 0.5, null] },
  ];
  for (const { labels, scores, figures } of cases) {
    const { precision, recall, f1, macroF1, auc } = evaluateScores(labels, scores, BINARY);
    assertEquals([precision, recall, f1, macroF1, auc], figures);
  }
  assertEquals(evaluateScores([0, 1], [1, 0, 0, 0, 1, 0], THREE).auc, null);
});

Deno.test("evaluateScores() survives JSON", () => {
  const evaluation = evaluateScores([0, 0], [0.2, 0.6], BINARY);
  assertEquals(JSON.parse(JSON.stringify(evaluation)), evaluation);
});

Deno.test("evaluateScores(), rocCurves() and rankMistakes() refuse bad input by name", () => {
  const cases: [number[], number[], string[], string][] = [
    [[], [], BINARY, "labels must be at least one, got none"],
    [[0], [0.5], ["with_mask"], "classes must be at least 2, got 1"],
    [
      [0, 1],
      [0.5, 0.5, 0.5],
      BINARY,
      "probabilities must be 4 or 2 for 2 labels of 2 classes, got 3",
    ],
    [[0, 1], [0.5, 0.5], THREE, "probabilities must be 6 for 2 labels of 3 classes, got 2"],
    [[0, 2], [0.5, 0.5], BINARY, "label 1 must be an integer in 0..1, got 2"],
    [[0, -1], [0.5, 0.5], BINARY, "label 1 must be an integer in 0..1, got -1"],
    [[0.5, 1], [0.5, 0.5], BINARY, "label 0 must be an integer in 0..1, got 0.5"],
    [[0, 1], [0.5, NaN], BINARY, "probability 1 must be in 0..1, got NaN"],
    [[0, 1], [-3.2, 0.5], BINARY, "probability 0 must be in 0..1, got -3.2"],
    [[0, 1], [0.5, Infinity], BINARY, "probability 1 must be in 0..1, got Infinity"],
  ];
  for (const [labels, scores, classes, message] of cases) {
    for (const judge of [evaluateScores, rocCurves, rankMistakes]) {
      assertThrows(() => judge(labels, scores, classes), RangeError, message);
    }
  }
  for (const threshold of [NaN, -0.1, 1.1]) {
    const message = `threshold must be in 0..1, got ${threshold}`;
    assertThrows(() => evaluateScores([0], [0.5], BINARY, { threshold }), RangeError, message);
  }
});

Deno.test("confusionMatrix() counts rows of true by columns of predicted labels", () => {
  assertEquals(confusionMatrix([0, 0, 1, 2, 2], [0, 1, 1, 0, 2], 3), [
    [1, 1, 0],
    [0, 1, 0],
    [1, 0, 1],
  ]);
});

Deno.test("confusionMatrix() refuses lengths that disagree and labels out of range", () => {
  assertThrows(
    () => confusionMatrix([0, 1], [0], 2),
    RangeError,
    "predictions must be 2, one per label",
  );
  assertThrows(() => confusionMatrix([0, 2], [0, 0], 2), RangeError, "label 1");
  assertThrows(() => confusionMatrix([0, 0], [0, 2], 2), RangeError, "prediction 1");
});

Deno.test("wilsonInterval() agrees with statsmodels", () => {
  // proportion_confint(correct, n, method="wilson")
  const cases: [number, number, number, number][] = [
    [0, 1, 0, 0.7934506856227627],
    [0, 10, 0, 0.27753279986288926],
    [5, 10, 0.23659309051256394, 0.7634069094874361],
    [95, 100, 0.8882495307680808, 0.9784563208456319],
    [3390, 3448, 0.9783172530276757, 0.9869646232547776],
    [100, 100, 0.9630065017930143, 1],
  ];
  for (const [correct, n, low, high] of cases) assertClose(wilsonInterval(correct, n), [low, high]);
});

Deno.test("wilsonInterval() ends at 0 and 1 exactly where none or all are right", () => {
  for (let n = 1; n <= 1000; n++) {
    assertEquals(wilsonInterval(0, n)[0], 0);
    assertEquals(wilsonInterval(n, n)[1], 1);
  }
});

Deno.test("wilsonInterval() refuses counts that are no share", () => {
  for (const [correct, n] of [[0, 0], [-1, 10], [11, 10], [1.5, 10], [NaN, 10]] as const) {
    assertThrows(() => wilsonInterval(correct, n), RangeError, `got ${correct} of ${n}`);
  }
});

Deno.test("rocCurves() agrees with scikit-learn, ties passed together", () => {
  // m.roc_curve([0, 1, 1, 0, 1, 0, 1, 1], [.1, .4, .35, .8, .8, .2, .9, .7])
  const falsePositiveRates = [0, 0, 1 / 3, 1 / 3, 1];
  const truePositiveRates = [0, 0.2, 0.4, 1, 1];
  const labels = [0, 1, 1, 0, 1, 0, 1, 1];
  const [curve, ...others] = rocCurves(
    labels,
    [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.9, 0.7],
    BINARY,
  );
  assertEquals(others, []);
  assertClose(curve, {
    className: "with_mask",
    auc: 0.7666666666666667,
    points: falsePositiveRates.map((falsePositiveRate, i) => ({
      falsePositiveRate,
      truePositiveRate: truePositiveRates[i],
    })),
  });
});

Deno.test("rocCurves() has one curve a class where there are three", () => {
  // [m.roc_auc_score(y3 == k, p3[:, k]) for k in range(3)]
  const curves = rocCurves(labels3, scores3, THREE);
  assertEquals(curves.map((curve) => curve.className), THREE);
  const areas = curves.map((curve) => curve.auc);
  assertClose(areas, [0.9102167182662539, 0.974349108631525, 0.8900394477317555]);
});

Deno.test("rocCurves() has no points where one class is absent", () => {
  assertEquals(rocCurves([1, 1], [0.2, 0.8], BINARY), [
    { className: "with_mask", auc: null, points: [] },
  ]);
});

Deno.test("rankMistakes() lists the wrong ones alone, the most confident first", () => {
  assertEquals(rankMistakes([0, 1, 1, 0], [0.75, 0, 1, 0.25], BINARY), [
    { index: 1, label: 1, predicted: 0, probability: 1 },
    { index: 0, label: 0, predicted: 1, probability: 0.75 },
  ]);
  const rows = [[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]];
  assertEquals(rankMistakes([0, 1], rows.flat(), THREE), [
    { index: 1, label: 1, predicted: 2, probability: 0.75 },
  ]);
});

Deno.test("evaluateScores() judges a million samples in seconds and leaves its input alone", () => {
  const n = 1_000_000;
  const many = Uint8Array.from({ length: n }, (_, i) => i * 31 % 7 < 3 ? 1 : 0);
  const probabilities = Float32Array.from({ length: n }, (_, i) => (i * 7919 % 1009) / 1009);
  const copy = probabilities.slice();
  const start = performance.now();
  assertEquals(evaluateScores(many, probabilities, BINARY).n, n);
  assert(performance.now() - start < 20_000);
  assertEquals(probabilities, copy);
});
