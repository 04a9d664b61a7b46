import { assert, assertEquals, assertThrows } from "@std/assert";
import { evaluateDetections, rankDetections } from "../../lib/evaluation/detection_metrics.ts";
import type { FoundFace, JudgedPhoto, TrueFace } from "../../lib/evaluation/judge_detections.ts";
import { boxIou } from "../../lib/boxes.ts";
import { type Box, CLASSES, type ClassName } from "../../lib/types.ts";

const square = (left: number, side = 30): Box => ({ left, top: 0, width: side, height: side });
const truth = (left: number, className: ClassName = "with_mask", side = 30): TrueFace => ({
  box: square(left, side),
  className,
});
const face = (
  left: number,
  score: number,
  label: ClassName = "with_mask",
  side = 30,
): FoundFace => ({
  box: square(left, side),
  label,
  probability: 1,
  score,
});

/** The photos of `detection_reference.py`, from the same numbers. */
function makePhotos(count = 40): JudgedPhoto[] {
  const names = ["with_mask", "without_mask", "mask_weared_incorrect"] as const;
  let state = 7;
  const random = () => (state = (1664525 * state + 1013904223) % 2 ** 32) / 2 ** 32;
  const chance = (count: number) => Math.floor(random() * count);
  const makeBox = (): Box => ({
    left: random() * 300,
    top: random() * 200,
    width: 8 + random() * 60,
    height: 8 + random() * 60,
  });
  const move = ({ left, top, width, height }: Box): Box => ({
    left: left + (random() - 0.5) * 0.5 * width,
    top: top + (random() - 0.5) * 0.5 * height,
    width: width + (random() - 0.5) * 0.5 * width,
    height: height + (random() - 0.5) * 0.5 * height,
  });
  return Array.from({ length: count }, () => {
    const truths: TrueFace[] = [], found: FoundFace[] = [];
    for (let faces = chance(6); faces > 0; faces--) {
      const box = makeBox(), className = names[chance(3)]!;
      truths.push({ box, className });
      for (let finds = chance(3); finds > 0; finds--) {
        const moved = move(box);
        const label = random() < 0.7 ? className : names[chance(3)]!;
        found.push({ box: moved, label, probability: 1, score: random() });
      }
    }
    for (let strays = chance(2); strays > 0; strays--) {
      const box = makeBox();
      found.push({ box, label: names[chance(3)]!, probability: 1, score: random() });
    }
    return { truths, found };
  });
}

Deno.test("boxIou() of boxes", () => {
  const cases: [Box, Box, number][] = [
    [square(0), square(0), 1],
    [square(0), square(15), 1 / 3],
    [square(0), square(30), 0],
    [square(0), square(0, 15), 1 / 4],
    [square(0), square(0, 0), 0],
    [square(5, 0), square(5, 0), 0],
    [square(-10, 30), square(0, 10), 1 / 9],
  ];
  for (const [a, b, expected] of cases) {
    assertEquals([boxIou(a, b), boxIou(b, a)], [expected, expected]);
  }
});

Deno.test("rankDetections() gives the figures of the reference", () => {
  // python tests/detection_reference.py
  // Without a minFace PyPI's mean-average-precision 2024.1.5.0 gives the same average precisions, to the
  // 7 digits that it has; its recall does not leave difficult boxes out, as VOC does.
  // In the last ones every third labelled face is difficult, from the first on.
  const cases: [number, number, number, ClassName | undefined, ...number[]][] = [
    [0.5, 0, 0, "with_mask", 0.286821705426, 0.593750000000, 0.441860465116, 32],
    [0.5, 0, 0, "without_mask", 0.116071428571, 0.312500000000, 0.344827586207, 32],
    [0.5, 0, 0, "mask_weared_incorrect", 0.274712643678, 0.482758620690, 0.437500000000, 29],
    [0.5, 0, 0, undefined, 0.228749776466, 0.483870967742, 0.432692307692, 93],
    [0.5, 20, 0, "with_mask", 0.248245534773, 0.571428571429, 0.352941176471, 21],
    [0.5, 20, 0, "without_mask", 0.068750000000, 0.250000000000, 0.190476190476, 16],
    [0.5, 20, 0, "mask_weared_incorrect", 0.241136056926, 0.526315789474, 0.357142857143, 19],
    [0.5, 20, 0, undefined, 0.180806555418, 0.482142857143, 0.333333333333, 56],
    [0.3, 0, 0, "with_mask", 0.426664736407, 0.687500000000, 0.511627906977, 32],
    [0.3, 0, 0, "without_mask", 0.182864010989, 0.375000000000, 0.413793103448, 32],
    [0.3, 0, 0, "mask_weared_incorrect", 0.346419098143, 0.551724137931, 0.500000000000, 29],
    [0.3, 0, 0, undefined, 0.338344064875, 0.559139784946, 0.500000000000, 93],
    [0.7, 30, 0, "with_mask", 0.015442735949, 0.187500000000, 0.071428571429, 16],
    [0.7, 30, 0, "without_mask", 0.000000000000, 0.000000000000, 0.000000000000, 12],
    [0.7, 30, 0, "mask_weared_incorrect", 0.018007662835, 0.200000000000, 0.064516129032, 10],
    [0.7, 30, 0, undefined, 0.010848044877, 0.157894736842, 0.063157894737, 38],
    [0.5, 0, 3, "with_mask", 0.273922902494, 0.619047619048, 0.371428571429, 21],
    [0.5, 0, 3, "without_mask", 0.086956521739, 0.260869565217, 0.250000000000, 23],
    [0.5, 0, 3, "mask_weared_incorrect", 0.120370370370, 0.333333333333, 0.260869565217, 18],
    [0.5, 0, 3, undefined, 0.149602279182, 0.403225806452, 0.320512820513, 62],
    [0.5, 20, 3, "with_mask", 0.246296296296, 0.571428571429, 0.285714285714, 14],
    [0.5, 20, 3, "without_mask", 0.075000000000, 0.250000000000, 0.150000000000, 12],
    [0.5, 20, 3, "mask_weared_incorrect", 0.113636363636, 0.363636363636, 0.190476190476, 11],
    [0.5, 20, 3, undefined, 0.127598796020, 0.405405405405, 0.230769230769, 37],
  ];
  for (const [minIou, minFace, every, className, ...expected] of cases) {
    let number = 0;
    const photos = makePhotos().map(({ truths, found }) => ({
      truths: truths.map((it) => ({ ...it, isDifficult: every > 0 && number++ % every === 0 })),
      found,
    }));
    const result = rankDetections(photos, { minIou, minFace, className });
    const { averagePrecision, recall, precision, truths } = result;
    for (const [i, figure] of [averagePrecision!, recall, precision, truths].entries()) {
      assert(
        Math.abs(figure - expected[i]!) < 1e-11,
        `${minIou} ${minFace} ${every} ${className}: ${figure}`,
      );
    }
  }
});

Deno.test("rankDetections() by hand", () => {
  const cases: [string, JudgedPhoto, number, number | null][] = [
    ["right", { truths: [truth(0)], found: [face(2, 0.9)] }, 0, 1],
    ["missed", { truths: [truth(0)], found: [] }, 0, 0],
    ["found twice", { truths: [truth(0)], found: [face(0, 0.9), face(1, 0.8)] }, 0, 1],
    ["a stray first", { truths: [truth(0)], found: [face(90, 0.9), face(0, 0.8)] }, 0, 0.5],
    ["nothing to find", { truths: [], found: [face(0, 0.9)] }, 0, null],
    ["a small one missed", { truths: [truth(0), truth(90, "with_mask", 9)], found: [] }, 10, 0],
    [
      "a small one found, first, counts neither way",
      {
        truths: [truth(0), truth(90, "with_mask", 9)],
        found: [face(90, 0.9, "with_mask", 9), face(0, 0.8)],
      },
      10,
      1,
    ],
    ["only small ones", { truths: [truth(0, "with_mask", 9)], found: [] }, 10, null],
  ];
  for (const [name, photo, minFace, expected] of cases) {
    assertEquals([name, rankDetections([photo], { minFace }).averagePrecision], [name, expected]);
  }
});

Deno.test("rankDetections() ranks by the detector's score, a class by the label's probability too", () => {
  const truths = [truth(0)];
  const found = [{ ...face(0, 0.6), probability: 0.9 }, { ...face(90, 0.7), probability: 0.6 }];
  assertEquals(rankDetections([{ truths, found }]).averagePrecision, 0.5);
  assertEquals(
    rankDetections([{ truths, found }], { className: "with_mask" }).averagePrecision,
    1,
  );
});

Deno.test("evaluateDetections() tells the chain from the detector", () => {
  const photos: JudgedPhoto[] = [
    {
      truths: [truth(0), truth(100, "without_mask"), truth(200, "mask_weared_incorrect", 50)],
      found: [face(0, 0.9), face(100, 0.8), face(200, 0.2, "mask_weared_incorrect", 50)],
    },
    { truths: [truth(0, "without_mask", 10)], found: [face(0, 0.7, "without_mask", 10)] },
    { truths: [], found: [] },
  ];
  const all = evaluateDetections(photos);
  // with_mask: right, then wrong; without_mask: one of two; the third: right.
  assertEquals([all.mAP, all.mAP2], [(1 + 0.5 + 1) / 3, 0.75]);
  assertEquals([all.detector.averagePrecision, all.photos, all.faces], [1, 3, 4]);
  assertEquals(all.countErrors, {
    faces: 0,
    with_mask: 1 / 3,
    without_mask: 1 / 3,
    mask_weared_incorrect: 0,
  });

  const sure = evaluateDetections(photos, { minScore: 0.5, minFace: 20 });
  assertEquals([sure.faces, sure.ignoredFaces], [3, 1]);
  assertEquals(sure.detector.averagePrecision, 1, "of all boxes");
  assertEquals(sure.detector.recall, 2 / 3, "of those of 0.5 and more");
  assertEquals(sure.detector.recallBySize, [
    { from: 0, to: 20, truths: 0, recall: 0 },
    { from: 20, to: 40, truths: 2, recall: 1 },
    { from: 40, to: 80, truths: 1, recall: 0 },
    { from: 80, to: null, truths: 0, recall: 0 },
  ]);
  assertEquals(sure.countErrors.faces, 1 / 3);
});

Deno.test("evaluateDetections() counts a difficult face neither way, found or missed", () => {
  const difficult = { ...truth(90), isDifficult: true };
  for (const found of [[face(0, 0.9)], [face(0, 0.9), face(90, 0.99), face(91, 0.95)]]) {
    const result = evaluateDetections([{ truths: [truth(0), difficult], found }]);
    const { mAP, detector, countErrors, faces, ignoredFaces } = result;
    assertEquals([mAP, detector.precision, detector.recall], [1, 1, 1]);
    assertEquals([countErrors.faces, faces, ignoredFaces], [0, 1, 1]);
  }
});

Deno.test("evaluateDetections() leaves a class that nobody labelled out of the mean", () => {
  const { mAP, mAP2, perClass } = evaluateDetections([{ truths: [truth(0)], found: [face(0, 1)] }]);
  assertEquals([mAP, mAP2, perClass.without_mask.averagePrecision], [1, 1, null]);
  const nothing = evaluateDetections([{ truths: [], found: [] }]);
  assertEquals([nothing.mAP, nothing.mAP2], [null, null]);
  assertEquals(Object.keys(nothing.perClass), [...CLASSES["three-class"]]);
});

Deno.test("the detection figures refuse what makes no sense", () => {
  const photo = { truths: [truth(0)], found: [face(0, NaN)] };
  assertThrows(() => evaluateDetections([]), RangeError, "photos must be at least one");
  assertThrows(() => rankDetections([photo]), RangeError, "score must be a number");
  for (const minIou of [0, 1.1, NaN]) {
    assertThrows(() => rankDetections([], { minIou }), RangeError, "minIou");
  }
  assertThrows(() => rankDetections([], { minFace: -1 }), RangeError, "minFace");
});
