/**
 * Computes detection metrics from found and labelled boxes, without TensorFlow. Average precision follows PASCAL
 * VOC since 2010. Faces that are too small are ignored, like VOC's difficult ones.
 */
import { CLASSES, type ClassName } from "../types.ts";
import { type DetectionOptions, judgeDetections, type JudgedPhoto } from "./judge_detections.ts";

/** The metrics of ranked detections. */
export interface RankedResult {
  /** Average precision, 0..1; `null` if there is no labelled face. */
  averagePrecision: number | null;
  /** Share of the labelled faces that were found, 0..1; 0 if there is none. */
  recall: number;
  /** Share of the found faces that are right, 0..1; 0 if there is none. */
  precision: number;
  /** Labelled faces that count. */
  truths: number;
}

/** Mean over the photos of |found - labelled|, in faces per photo. */
export interface CountErrors {
  faces: number;
  with_mask: number;
  without_mask: number;
  mask_weared_incorrect: number;
}

/** Recall of labelled faces whose shorter side is in `from` <= pixels < `to`. */
export interface SizeRecall {
  from: number;
  /** `null`: no upper end. */
  to: number | null;
  truths: number;
  recall: number;
}

/** The metrics of the whole chain, and of the detector alone; plain data, ready for `JSON.stringify`. */
export interface DetectionEvaluation {
  /** Mean of the average precisions of the classes that have labelled faces. */
  mAP: number | null;
  /** As `mAP`, of `with_mask` and `without_mask` only. */
  mAP2: number | null;
  /** Metrics per class: a found face is right if its box and label are. */
  perClass: Record<ClassName, RankedResult>;
  /** Metrics of the boxes, regardless of labels. */
  detector: RankedResult & { recallBySize: SizeRecall[] };
  countErrors: CountErrors;
  photos: number;
  /** Labelled faces that count. */
  faces: number;
  /** Labelled faces that are difficult or smaller than `minFace`. */
  ignoredFaces: number;
}

const ALL = CLASSES["three-class"];
/** Lower ends of the size classes, in pixels. */
const SIZES = [0, 20, 40, 80];

/**
 * Ranks the found faces of all photos, the most confident first, and computes their metrics as PASCAL VOC does.
 * A found face is right if the labelled face that it overlaps most has an IoU of at least `minIou` and was not
 * found before.
 *
 * Source: M. Everingham et al., "The PASCAL Visual Object Classes Challenge 2012 Development Kit", section
 * 3.4.1, and its `VOCevaldet.m`. Average precision is the area under the monotonic precision-recall curve, at
 * all points. Faces of equal score keep the order of the photos.
 *
 * @param options.className Restricts faces to this class, ranked by score times probability. @default all
 * classes, ranked by the detector's score
 * @throws {RangeError} if an option is out of range, or a score is not a number
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
 * Evaluates the whole chain, and the detector alone.
 *
 * @param options.minScore Faces of a lower score count for the average precision only, not for recall,
 * precision and counts. @default 0
 * @throws {RangeError} if there is no photo, or an option is out of range
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
    throw new RangeError("photos must be at least one, got none");
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

/** Computes the errors of the numbers of faces, for users who count masks. */
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

/** Computes the area under the precision-recall curve; precision is the maximum at this or a higher recall. */
function areaUnder(isRight: readonly boolean[], truths: number): number {
  const precisions: number[] = [];
  let right = 0;
  for (const [i, hit] of isRight.entries()) {
    if (hit) precisions.push(++right / (i + 1));
  }
  let best = 0;
  // Recall grows by the same step at each right detection, and only there.
  return precisions.reduceRight((area, precision) => area + (best = Math.max(best, precision)), 0) /
    truths;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
const share = (part: number, whole: number) => whole === 0 ? 0 : part / whole;
