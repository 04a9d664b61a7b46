/** Boxes as they were labelled, to boxes of the photo as it is. Plain arithmetic. */
import type { Size } from "../boxes.ts";
import type { Box } from "../types.ts";

/** The size of a photo as its file stores it, and how that is turned to be upright. */
export interface StoredSize extends Size {
  /** As EXIF counts, 1 (upright) to 8. */
  orientation: number;
  /** The photo that boxes are of where sizes do not tell. @default "upright" */
  unclear?: "upright" | "stored";
}

/** How boxes that were labelled in a frame lie in a photo. */
export interface Fit {
  /** The size in which the boxes were labelled. */
  frame: Size;
  /** What is to be noted: of one kind whatever the numbers are, and in words. */
  note?: { kind: string; reason: string };
  /** Moves a box within `frame` to the upright photo. */
  move: (box: Box) => Box;
}

/** Where a point of the stored photo lies in the upright one: EXIF 2.32, tag 274. */
const TURNS: readonly ((x: number, y: number, size: Size) => [number, number])[] = [
  (x, y) => [x, y],
  (x, y, { width }) => [width - x, y],
  (x, y, { width, height }) => [width - x, height - y],
  (x, y, { height }) => [x, height - y],
  (x, y) => [y, x],
  (x, y, { height }) => [height - y, x],
  (x, y, { width, height }) => [height - y, width - x],
  (x, y, { width }) => [y, width - x],
];

/**
 * Finds how boxes that were labelled in a photo of `labelled` size lie in the photo as it is now: upright,
 * and perhaps resized since.
 *
 * If the photo is to be turned by a quarter, the shape of `labelled` tells whether the boxes are those of the
 * stored or of the upright photo; otherwise they are taken as `unclear` says, and that is noted.
 *
 * @example
 * ```ts
 * import { fitBoxes } from "./fit_boxes.ts";
 *
 * const { move } = fitBoxes({ width: 100, height: 100 }, { width: 200, height: 200, orientation: 1 });
 * console.log(move({ left: 10, top: 10, width: 5, height: 5 })); // { left: 20, top: 20, width: 10, height: 10 }
 * ```
 */
export function fitBoxes(labelled: Size, stored: StoredSize): Fit {
  const { orientation, unclear = "upright" } = stored;
  const upright = uprightSize(stored);
  const says = `<size> says ${labelled.width} x ${labelled.height}`;
  const has = `the photo has ${upright.width} x ${upright.height}`;
  const scaled = (frame: Size) => (box: Box) => scaleBox(box, frame, upright);
  const turned = uprightSize({ ...labelled, orientation });
  const moveStored = (box: Box) => scaleBox(turnBox(box, labelled, orientation), turned, upright);

  if (orientation > 4 && isLike(labelled, stored, upright)) {
    return {
      frame: labelled,
      note: {
        kind: "turned",
        reason: `${says}, as the stored photo has before it is turned upright (EXIF orientation ` +
          `${orientation}): boxes are turned with it`,
      },
      move: moveStored,
    };
  }
  if (orientation > 1 && !isLike(labelled, upright, orientation > 4 ? stored : upright)) {
    return {
      frame: labelled,
      note: {
        kind: "unclear",
        reason:
          `${says}, which does not tell whether boxes are those of the stored photo or of the ` +
          `upright one (EXIF orientation ${orientation}): they are taken as those of the ${unclear} one`,
      },
      move: unclear === "stored" ? moveStored : scaled(labelled),
    };
  }
  if (isEqual(labelled, upright)) return { frame: labelled, move: (box) => box };
  if (isScaled(labelled, upright)) {
    const note = { kind: "scaled", reason: `${says}, ${has}: boxes are scaled` };
    return { frame: labelled, note, move: scaled(labelled) };
  }
  if (isScaled(exchange(labelled), upright)) {
    const reason = `${says}, ${has}: the two numbers are taken as exchanged`;
    return {
      frame: exchange(labelled),
      note: { kind: "exchanged", reason },
      move: scaled(exchange(labelled)),
    };
  }
  const note = { kind: "stretched", reason: `${says}, ${has}: boxes are stretched to it` };
  return { frame: labelled, note, move: scaled(labelled) };
}

/** The size of the photo once it is turned upright. */
export function uprightSize(stored: StoredSize): Size {
  return stored.orientation > 4 ? exchange(stored) : stored;
}

/**
 * Scales a box from a frame of one size to one of another, to whole pixels there.
 */
export function scaleBox(box: Box, from: Size, to: Size): Box {
  if (isEqual(from, to)) return box;
  const [left, right] = scaleSide(box.left, box.width, to.width / from.width, to.width);
  const [top, bottom] = scaleSide(box.top, box.height, to.height / from.height, to.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** Both ends of a side, at least a pixel apart. */
function scaleSide(start: number, length: number, scale: number, end: number): [number, number] {
  const first = Math.min(Math.round(start * scale), end - 1);
  return [first, Math.max(first + 1, Math.min(Math.round((start + length) * scale), end))];
}

/** A box of the stored photo, in the upright one. */
function turnBox({ left, top, width, height }: Box, stored: Size, orientation: number): Box {
  const turn = TURNS[orientation - 1]!;
  const [x1, y1] = turn(left, top, stored), [x2, y2] = turn(left + width, top + height, stored);
  return {
    left: Math.min(x1, x2),
    top: Math.min(y1, y2),
    width: Math.abs(x1 - x2),
    height: Math.abs(y1 - y2),
  };
}

/** Whether a size is that of one photo, or has its shape, and not that of the other. */
function isLike(size: Size, one: Size, other: Size): boolean {
  if (isEqual(one, other)) return false;
  return isEqual(size, one) || (isScaled(size, one) && !isScaled(size, other));
}

function isEqual(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** Whether one size may be the other resized, each side rounded to whole pixels. */
function isScaled(a: Size, b: Size): boolean {
  const most = Math.max(a.width, a.height, b.width, b.height);
  return Math.abs(a.width * b.height - a.height * b.width) <= most;
}

function exchange({ width, height }: Size): Size {
  return { width: height, height: width };
}
