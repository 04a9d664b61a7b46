/**
 * Found boxes against labelled ones, to numbers: plain arithmetic, no TensorFlow. Average precision is
 * that of PASCAL VOC from 2010 on; faces that are too small to count are left out as VOC leaves out
 * difficult ones.
 */
import { CLASSES, type ClassName } from "../types.ts";
import { type DetectionOptions, judgeDetections, type JudgedPhoto } from "./judge_detections.ts";

/** How well boxes were found, and in which order. */
export interface RankedResult {
  /** Average precision, 0..1; `null` where there is nothing to find. */
  averagePrecision: number | null;
  /** Share of the labelled faces that were found, 0..1; 0 where there are none. */
  recall: number;
  /** Share of the found faces that are right, 0..1; 0 where there are none. */
  precision: number;
  /** Labelled faces that count. */
  truths: number;
}

/** Mean over the photos of |found - labelled|, in faces a photo. */
export interface CountErrors {
  faces: number;
  with_mask: number;
  without_mask: number;
  mask_weared_incorrect: number;
}

/** Recall of labelled faces of `from` <= pixels on the shorter side < `to`. */
export interface SizeRecall {
  from: number;
  /** `null`: no upper end. */
  to: number | null;
  truths: number;
  recall: number;
}

/** What the whole chain, and the detector alone, are worth; plain data, ready for `JSON.stringify`. */
export interface DetectionEvaluation {
  /** Mean of the average precisions of the three classes, of those that were labelled at all. */
  mAP: number | null;
  /** As `mAP`, of `with_mask` and `without_mask` alone. */
  mAP2: number | null;
  /** Each class: a found face is right if box and label are. */
  perClass: Record<ClassName, RankedResult>;
  /** Boxes alone, whatever their labels. */
  detector: RankedResult & { recallBySize: SizeRecall[] };
  countErrors: CountErrors;
  photos: number;
  /** Labelled faces that count, and those that are difficult or under `minFace`. */
  faces: number;
  ignoredFaces: number;
}

const ALL = CLASSES["three-class"];
/** Where sizes part, in pixels. */
const SIZES = [0, 20, 40, 80];

/**
 * Ranks the found faces of all photos and judges each, the surest first, as PASCAL VOC does: it is right
 * if the labelled face that it overlaps most does so by `minIou` and has not been found before.
 *
 * Source: M. Everingham et al., "The PASCAL Visual Object Classes Challenge 2012 Development Kit", section
 * 3.4.1, and its `VOCevaldet.m`; average precision is the area under the curve of precision, made
 * to fall, over recall, at all points. Equal ranks keep the order of the photos.
 *
 * @param className Only faces of this class and label, ranked by score times probability. @default all
 * faces, whatever their class, ranked by the detector's score
 * @throws {RangeError} if an option is out of its range, or a score is no number
 * @example
 * ```ts
 * import { rankDetections } from "./detection_metrics.ts";
 *
 * const box = { left: 0, top: 0, width: 30, height: 30 };
 * const truths = [{ box, className: "with_mask" as const }];
 * const found = [{ box, label: "with_mask" as const, probability: 0.8, score: 0.9 }];
 * console.log(rankDetections([{ truths, found }]).averagePrecision); // 1
 * ```
 */
export function rankDetections(
  photos: readonly JudgedPhoto[],
  { className, ...options }: DetectionOptions & { className?: ClassName } = {},
): RankedResult {
  const judged = judgeDetections(
    className === undefined ? photos : photos.map(({ truths, found }) => ({
      truths: truths.filter((truth) => truth.className === className),
      found: found.filter(({ label }) => label === className).map((face) => ({
        ...face,
        score: face.score * face.probability,
      })),
    })),
    options,
  );
  const truths = judged.truths.filter(({ isIgnored }) => !isIgnored);
  const outcomes = judged.found.filter(({ outcome }) => outcome !== "ignored");
  const right = outcomes.filter(({ outcome }) => outcome === "right").length;
  return {
    averagePrecision: truths.length === 0
      ? null
      : areaUnder(outcomes.map(({ outcome }) => outcome === "right"), truths.length),
    recall: share(right, truths.length),
    precision: share(right, outcomes.length),
    truths: truths.length,
  };
}

/**
 * Judges the chain from photo to labelled boxes, and the detector alone.
 *
 * @param minScore Found faces of a lower score count for the average precision alone; recall, precision
 * and counts are those of somebody who sees only the others. @default 0
 * @throws {RangeError} if there is no photo, or an option is out of its range
 * @example
 * ```ts
 * import { evaluateDetections } from "./detection_metrics.ts";
 *
 * const box = { left: 0, top: 0, width: 30, height: 30 };
 * const truths = [{ box, className: "with_mask" as const }];
 * const found = [{ box, label: "without_mask" as const, probability: 0.8, score: 0.9 }];
 * const { mAP, detector } = evaluateDetections([{ truths, found }]);
 * console.log(mAP, detector.recall); // 0 1
 * ```
 */
export function evaluateDetections(
  photos: readonly JudgedPhoto[],
  { minScore = 0, ...options }: DetectionOptions & { minScore?: number } = {},
): DetectionEvaluation {
  if (photos.length === 0) {
    throw new RangeError("evaluateDetections() needs at least one photo, got none");
  }
  const shown = photos.map(({ truths, found }) => ({
    truths,
    found: found.filter(({ score }) => score >= minScore),
  }));
  const rank = (className?: ClassName): RankedResult => ({
    ...rankDetections(shown, { ...options, className }),
    averagePrecision: rankDetections(photos, { ...options, className }).averagePrecision,
  });
  const perClass = Object.fromEntries(
    ALL.map((className) => [className, rank(className)]),
  ) as DetectionEvaluation["perClass"];
  const meanOver = (classes: readonly ClassName[]) =>
    mean(classes.map((name) => perClass[name].averagePrecision).filter((ap) => ap !== null));
  const { truths } = judgeDetections(shown, options);
  const counted = truths.filter(({ isIgnored }) => !isIgnored);
  return {
    mAP: meanOver(ALL),
    mAP2: meanOver(CLASSES.binary),
    perClass,
    detector: {
      ...rank(),
      recallBySize: SIZES.map((from, i) => {
        const to = SIZES[i + 1] ?? null;
        const those = counted.filter(({ size }) => size >= from && size < (to ?? Infinity));
        const found = those.filter(({ isFound }) => isFound).length;
        return { from, to, truths: those.length, recall: share(found, those.length) };
      }),
    },
    countErrors: countErrors(shown, options),
    photos: photos.length,
    faces: counted.length,
    ignoredFaces: truths.length - counted.length,
  };
}

/** How far the numbers of faces are off, which is what somebody who counts masks reads. */
function countErrors(photos: readonly JudgedPhoto[], options: DetectionOptions): CountErrors {
  const offBy = (className?: ClassName) =>
    mean(photos.map((photo) => {
      const { truths, found } = judgeDetections([photo], options);
      const isMeant = (name: ClassName) => className === undefined || name === className;
      const labelled = truths.filter((it) => !it.isIgnored && isMeant(it.className)).length;
      const shown = found.filter((it) => it.outcome !== "ignored" && isMeant(it.label)).length;
      return Math.abs(shown - labelled);
    }))!;
  const [without_mask, with_mask, mask_weared_incorrect] = ALL.map(offBy) as [
    number,
    number,
    number,
  ];
  return { faces: offBy(), with_mask, without_mask, mask_weared_incorrect };
}

/** The area under precision over recall, where precision is the best at this recall or a higher one. */
function areaUnder(isRight: readonly boolean[], truths: number): number {
  const precisions: number[] = [];
  let right = 0;
  for (const [i, hit] of isRight.entries()) {
    if (hit) precisions.push(++right / (i + 1));
  }
  let best = 0;
  // Recall grows by the same step at each that is right, and only there.
  return precisions.reduceRight((area, precision) => area + (best = Math.max(best, precision)), 0) /
    truths;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
const share = (part: number, whole: number) => whole === 0 ? 0 : part / whole;
