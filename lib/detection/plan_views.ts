/** The sizes and parts in which a photo is shown to the network. Plain arithmetic. */
import type { Size } from "../boxes.ts";
import type { Box } from "../types.ts";
import type { FaceBox } from "./face_network.ts";

/** A part of a photo, as large as that in the top left corner of the network's input. */
export interface View {
  /** The part, in whole pixels of the photo. */
  box: Box;
  /** Of the part in the input. */
  width: number;
  height: number;
  /** Of the input: what is left is black. */
  inputWidth: number;
  inputHeight: number;
  /** Pixels of the input on a face's longer side up to which it is looked for here, else in a coarser view. */
  largest: number;
}

/** Cells of the network's coarsest grid, in pixels of its input. */
const CELL = 32;
/** Pixels of the longer side in which a photo is looked at, unless one says which faces are sought. */
const LONG_SIDE = 640;
/** A face of this many pixels in the input is found. */
const LEAST_FACE = 10;
/** A longer side in the input is cut into tiles of this many pixels, so that memory is bounded. */
const TILE = 1024;
/** Pixels of the input that neighbouring tiles share: faces up to this size are whole in one of them. */
const OVERLAP = 128;
/** How much coarser the next view of a photo in tiles is: its least face is smaller than the tiles' largest. */
const COARSER = 8;
/** Of `facesFrom`, in pixels of the photo: smaller faces are not recognisable. */
const LEAST_FACES_FROM = 2;

/**
 * Plans how a photo is shown to the network.
 *
 * @param facesFrom Pixels of the photo on the shorter side of the smallest face that should be found. Without
 * it, the photo's longer side becomes 640 pixels.
 * @throws {RangeError} if `facesFrom` is out of its range
 */
export function planViews(photo: Size, facesFrom?: number): View[] {
  if (facesFrom !== undefined && !(facesFrom >= LEAST_FACES_FROM && facesFrom < Infinity)) {
    throw new RangeError(
      `facesFrom must be a number of pixels from ${LEAST_FACES_FROM} on, got ${facesFrom}`,
    );
  }
  const longSide = Math.max(photo.width, photo.height);
  let shown = facesFrom === undefined
    ? LONG_SIDE
    : Math.max(CELL, Math.round(longSide * LEAST_FACE / facesFrom));
  const views: View[] = [];
  for (; shown > TILE; shown /= COARSER) views.push(...planTiles(photo, shown / longSide));
  const scale = Math.max(shown, views.length > 0 ? LONG_SIDE : 0) / longSide;
  return [...views, planView({ left: 0, top: 0, ...sizeOf(photo) }, scale, Infinity)];
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height });

function planView(box: Box, scale: number, largest: number): View {
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const toCells = (side: number) => CELL * Math.ceil(side / CELL);
  return {
    box,
    width,
    height,
    inputWidth: toCells(width),
    inputHeight: toCells(height),
    largest,
  };
}

function planTiles(photo: Size, scale: number): View[] {
  const cut = (length: number) => {
    const side = Math.min(length, Math.floor(TILE / scale));
    const gaps = Math.ceil((length - side) / Math.max(1, Math.floor((TILE - OVERLAP) / scale)));
    const starts = Array.from(
      { length: gaps + 1 },
      (_, i) => Math.round(i * (length - side) / Math.max(1, gaps)),
    );
    return { side, starts };
  };
  const across = cut(photo.width), down = cut(photo.height);
  const size = { width: across.side, height: down.side };
  return down.starts.flatMap((top) =>
    across.starts.map((left) => planView({ left, top, ...size }, scale, OVERLAP))
  );
}

/**
 * Takes the boxes of a view from pixels of the network's input to pixels of the photo. Faces that are for a
 * coarser view, and those that the edge of a tile cuts, are left out: another tile shows them whole.
 */
export function toPhoto(
  boxes: readonly FaceBox[],
  { box, width, height, largest }: View,
  photo: Size,
): FaceBox[] {
  const [across, down] = [box.width / width, box.height / height];
  const isCut = ({ left, top, width: wide, height: high }: FaceBox) =>
    left < 0 && box.left > 0 || top < 0 && box.top > 0 ||
    left + wide > width && box.left + box.width < photo.width ||
    top + high > height && box.top + box.height < photo.height;
  return boxes.filter((face) => Math.max(face.width, face.height) <= largest && !isCut(face))
    .map((face) => ({
      left: box.left + face.left * across,
      top: box.top + face.top * down,
      width: face.width * across,
      height: face.height * down,
      score: face.score,
    }));
}
