/** Finds places for the labels of boxes. Plain arithmetic, for annotated pictures and the page alike. */
import type { Size } from "../boxes.ts";
import type { Box } from "../types.ts";

/** Where a label goes, in the picture's pixels. */
export interface PlacedLabel extends Box {
  /** Index of the wording that fits here. */
  wording: number;
}

/** What a place costs for each share that it covers, or is covered of: words must stay legible first of all. */
const OTHER_LABEL = 4, OTHER_BOX = 1, OWN_BOX = 0.2;
/** What a shorter wording costs, and each step down the list of places. */
const SHORTER = 0.3, LATER = 0.004;
/** Labels choose again, knowing all others, so many times at most. */
const ROUNDS = 4;

/**
 * Places a label at each box: above it, below it, inside it, right or left of it, or a label's height away,
 * wherever it hides least of other labels and boxes. It stays in the picture, unless it is larger than that.
 *
 * Greedy in the order of the boxes, then each label moves while that is better: the same input always gives
 * the same places. Time grows with the pairs of boxes that are close to each other.
 *
 * @param wordings Sizes of each label's possible texts, the best text first.
 * @returns one place per box, in order
 * @throws {RangeError} if the boxes and their labels differ in number, or a label has no wording
 * @example
 * ```ts
 * import { placeLabels } from "./place_labels.ts";
 *
 * const box = { left: 20, top: 0, width: 30, height: 40 };
 * const [label] = placeLabels([box], [[{ width: 60, height: 10 }]], { width: 200, height: 100 });
 * console.log(label!.left, label!.top); // 20 40: there is no room above
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
  const candidates = boxes.map((box, i) => listPlaces(box, wordings[i]!, picture));
  const reaches = candidates.map(boundingBox);
  const near = boxes.map((_, i) =>
    [...boxes.keys()].filter((j) =>
      j !== i &&
      (sharedArea(reaches[i]!, boxes[j]!) > 0 || sharedArea(reaches[i]!, reaches[j]!) > 0)
    )
  );
  const placed: PlacedLabel[] = [];
  const costOf = (i: number, place: PlacedLabel, rank: number) =>
    near[i]!.reduce(
      (sum, j) =>
        sum + OTHER_BOX * sharedPart(place, boxes[j]!) +
        (placed[j] ? OTHER_LABEL * sharedPart(place, placed[j]) : 0),
      OWN_BOX * sharedPart(place, boxes[i]!) + SHORTER * place.wording + LATER * rank,
    );
  for (let round = 0, isMoving = true; isMoving && round < ROUNDS; round++) {
    isMoving = false;
    for (const [i, places] of candidates.entries()) {
      const costs = places.map((place, rank) => costOf(i, place, rank % PLACES));
      const best = places[costs.indexOf(Math.min(...costs))]!;
      isMoving ||= placed[i] !== best;
      placed[i] = best;
    }
  }
  return placed;
}

/** Places that {@linkcode listPlaces} lists for each wording. */
const PLACES = 18;

/** All places of all wordings, the best first for each wording. */
function listPlaces(box: Box, wordings: readonly Size[], picture: Size): PlacedLabel[] {
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

/** The smallest box around all. */
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

/** The shared area as a part of the smaller box, in 0..1. */
function sharedPart(a: Box, b: Box): number {
  return sharedArea(a, b) / Math.max(1e-9, Math.min(a.width * a.height, b.width * b.height));
}

function sharedArea(a: Box, b: Box): number {
  const across = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, across) * Math.max(0, down);
}
