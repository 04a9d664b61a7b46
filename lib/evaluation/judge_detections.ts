/** Matches found boxes with labelled ones, as PASCAL VOC does. */
import { boxIou } from "../boxes.ts";
import type { Box, ClassName } from "../types.ts";

/** A face as somebody labelled it. */
export interface TrueFace {
  box: Box;
  className: ClassName;
  /** Left out of judging, as PASCAL VOC does: whether it is found counts neither way. @default false */
  isDifficult?: boolean;
}

/** A face as it was found: what `detectMasks` gives. */
export interface FoundFace {
  box: Box;
  label: ClassName;
  /** The probability of `label`, 0..1. */
  probability: number;
  /** How sure the detector is that there is a face, 0..1. */
  score: number;
}

/** One photo: what is in it, and what was found. */
export interface JudgedPhoto {
  truths: readonly TrueFace[];
  found: readonly FoundFace[];
}

/** Options of all figures here. */
export interface DetectionOptions {
  /** Intersection over union from which a found box matches a labelled one, 0..1. @default 0.5 */
  minIou?: number;
  /**
   * Labelled faces of fewer pixels on the shorter side are left out: nothing is lost if one is missed,
   * and what matches one counts neither way, where classes count one of the same class. @default 0
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

/** All labelled faces, and all found ones with the surest first, each with what became of it. */
export function judgeDetections(
  photos: readonly JudgedPhoto[],
  { minIou = 0.5, minFace = 0 }: DetectionOptions,
): { truths: JudgedTruth[]; found: JudgedFind[] } {
  if (!(minIou > 0 && minIou <= 1)) {
    throw new RangeError(`minIou must be above 0 and at most 1, got ${minIou}`);
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
  if (lost) throw new RangeError(`a score must be a number, got ${lost.score}`);
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
