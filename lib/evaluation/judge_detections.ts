/** Matches found boxes with labelled ones, as PASCAL VOC does. */
import { boxIou } from "../boxes.ts";
import type { Box, ClassName } from "../types.ts";

/** A labelled face. */
export interface TrueFace {
  box: Box;
  className: ClassName;
  /** Ignored in all metrics, as in PASCAL VOC. @default false */
  isDifficult?: boolean;
}

/** A found face, as `detectMasks` returns it. */
export interface FoundFace {
  box: Box;
  label: ClassName;
  /** The probability of `label`, 0..1. */
  probability: number;
  /** The detector's confidence that it is a face, 0..1. */
  score: number;
}

/** The labelled and the found faces of one photo. */
export interface JudgedPhoto {
  truths: readonly TrueFace[];
  found: readonly FoundFace[];
}

/** Options of the detection metrics. */
export interface DetectionOptions {
  /** The least intersection over union of a match, 0..1. @default 0.5 */
  minIou?: number;
  /**
   * Labelled faces with a shorter side below this number of pixels are ignored, and so are the found faces that
   * match them. Metrics per class match faces of the same class only. @default 0
   */
  minFace?: number;
}

export interface JudgedTruth {
  className: ClassName;
  /** Pixels on the shorter side. */
  size: number;
  isIgnored: boolean;
  isFound: boolean;
}

export interface JudgedFind {
  label: ClassName;
  outcome: "right" | "wrong" | "ignored";
}

/**
 * Matches the found faces, the most confident first, with the labelled ones.
 *
 * @throws {RangeError} if an option is out of range, or a score is not a number
 */
export function judgeDetections(
  photos: readonly JudgedPhoto[],
  { minIou = 0.5, minFace = 0 }: DetectionOptions,
): { truths: JudgedTruth[]; found: JudgedFind[] } {
  if (!(minIou > 0 && minIou <= 1)) {
    throw new RangeError(`minIou must be in 0 < minIou <= 1, got ${minIou}`);
  }
  if (!(minFace >= 0)) throw new RangeError(`minFace must be 0 or more pixels, got ${minFace}`);
  const truthsOf = photos.map(({ truths }) =>
    truths.map(({ box, className, isDifficult = false }) => {
      const size = Math.min(box.width, box.height);
      return { box, className, size, isIgnored: isDifficult || size < minFace, isFound: false };
    })
  );
  const ranked = photos.flatMap(({ found }, photo) => found.map((face) => ({ ...face, photo })));
  const lost = ranked.find(({ score }) => Number.isNaN(score));
  if (lost) throw new RangeError(`score must be a number, got ${lost.score}`);
  ranked.sort((a, b) => b.score - a.score);
  const found = ranked.map(({ photo, box, label }): JudgedFind => {
    let best: typeof truthsOf[number][number] | undefined, bestIou = 0;
    for (const truth of truthsOf[photo]!) {
      const iou = boxIou(box, truth.box);
      if (iou > bestIou) [best, bestIou] = [truth, iou];
    }
    if (!best || bestIou < minIou) return { label, outcome: "wrong" };
    if (best.isIgnored) return { label, outcome: "ignored" };
    const outcome = best.isFound ? "wrong" : "right";
    best.isFound = true;
    return { label, outcome };
  });
  return { truths: truthsOf.flat(), found };
}
