/** Places the labels of boxes so that they overlap little. Runs in browsers too. */
import type { Size } from "../boxes.ts";
import type { Box } from "../types.ts";

/** The position of a label, in the picture's pixels. */
export interface PlacedLabel extends Box {
  /** Index of the wording that fits here. */
  wording: number;
}

/** Costs of the overlap with other labels, other boxes and its own box: legible text matters most. */
const OTHER_LABEL = 4, OTHER_BOX = 1, OWN_BOX = 0.2;
/** Cost of a shorter text, and of each step down the list of positions. */
const SHORTER = 0.3, LATER = 0.004;
/** The most rounds in which labels move. */
const ROUNDS = 4;

/**
 * Places one label per box: above, below, inside, beside it, or a label's height away, wherever it hides the
 * least of other labels and boxes. Labels stay within the picture, unless they are larger.
 *
 * Labels are placed greedily in the order of the boxes, then moved while the total cost falls. The same input
 * always gives the same result. Time grows with the number of close pairs of boxes.
 *
 * @param wordings Sizes of each label's possible texts, the best text first.
 * @returns one position per box, in order
 * @throws {RangeError} if the numbers of boxes and labels differ, or a label has no text
 * @example
 * ```ts
 * import { placeLabels } from "./place_labels.ts";
 *
 * const box = { left: 20, top: 0, width: 30, height: 40 };
 * const [label] = placeLabels([box], [[{ width: 60, height: 10 }]], { width: 200, height: 100 });
 * console.log(label!.left, label!.top); // 20 40, below: there is no space above
 * ```
 */
export function placeLabels(
  boxes: readonly Box[],
  wordings: readonly (readonly Size[])[],
  picture: Size,
): PlacedLabel[] {
  if (boxes.length !== wordings.length) {
    throw new RangeError(`wordings must be ${boxes.length}, one per box, got ${wordings.length}`);
  }
  const candidates = boxes.map((box, i) => listPositions(box, wordings[i]!, picture));
  const reaches = candidates.map(boundingBox);
  const near = boxes.map((_, i) =>
    [...boxes.keys()].filter((j) =>
      j !== i &&
      (sharedArea(reaches[i]!, boxes[j]!) > 0 || sharedArea(reaches[i]!, reaches[j]!) > 0)
    )
  );
  const placed: PlacedLabel[] = [];
  const costOf = (i: number, label: PlacedLabel, rank: number) =>
    near[i]!.reduce(
      (sum, j) =>
        sum + OTHER_BOX * sharedPart(label, boxes[j]!) +
        (placed[j] ? OTHER_LABEL * sharedPart(label, placed[j]) : 0),
      OWN_BOX * sharedPart(label, boxes[i]!) + SHORTER * label.wording + LATER * rank,
    );
  for (let round = 0, isMoving = true; isMoving && round < ROUNDS; round++) {
    isMoving = false;
    for (const [i, labels] of candidates.entries()) {
      const costs = labels.map((label, rank) => costOf(i, label, rank % POSITIONS));
      const best = labels[costs.indexOf(Math.min(...costs))]!;
      isMoving ||= placed[i] !== best;
      placed[i] = best;
    }
  }
  return placed;
}

/** Positions that {@linkcode listPositions} lists per text. */
const POSITIONS = 18;

/** Lists the positions of all texts, the best position first for each text. */
function listPositions(box: Box, wordings: readonly Size[], picture: Size): PlacedLabel[] {
  if (wordings.length === 0) throw new RangeError("a label must have a wording, got none");
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  return wordings.flatMap(({ width, height }, wording) => {
    const across = [box.left, right - width, box.left + (box.width - width) / 2];
    const rows = [
      box.top - height, // above
      bottom, // below
      box.top, // inside
      bottom - height,
    ];
    const sides = [box.top, bottom - height].flatMap((
      top,
    ) => [[right, top], [box.left - width, top]]);
    const away = [box.top - 2 * height, bottom + height].map((top) => [box.left, top]);
    const corners = [
      ...rows.flatMap((top) => across.map((left) => [left, top])),
      ...sides,
      ...away,
    ];
    return corners.map(([left, top]) => ({
      left: Math.max(0, Math.min(left!, picture.width - width)),
      top: Math.max(0, Math.min(top!, picture.height - height)),
      width,
      height,
      wording,
    }));
  });
}

/** Computes the smallest box around all boxes. */
function boundingBox(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  return {
    left,
    top,
    width: Math.max(...boxes.map((box) => box.left + box.width)) - left,
    height: Math.max(...boxes.map((box) => box.top + box.height)) - top,
  };
}

/** Computes the shared area as a fraction of the smaller box, in 0..1. */
function sharedPart(a: Box, b: Box): number {
  return sharedArea(a, b) / Math.max(1e-9, Math.min(a.width * a.height, b.width * b.height));
}

function sharedArea(a: Box, b: Box): number {
  const across = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, across) * Math.max(0, down);
}
