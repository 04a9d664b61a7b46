/** The sizes in which a photo is shown to the network. Plain arithmetic. */
import type { Size } from "../boxes.ts";
import type { FaceBox } from "./face_network.ts";

/** How a photo is shown to the network once: as large as that, in the top left corner of its input. */
export interface Pass {
  /** Pixels of the network's input for each pixel of the photo. */
  scale: number;
  /** Of the photo in the input. */
  width: number;
  height: number;
  /** Of the input: what is left is black. */
  inputWidth: number;
  inputHeight: number;
}

/** Cells of the network's third grid; finer ones divide it. */
const CELL = 64;

/**
 * Plans a pass in which the photo's longer side has so many pixels.
 *
 * @throws {RangeError} if `longSide` is no positive integer
 */
export function planPass(photo: Size, longSide: number): Pass {
  if (!Number.isInteger(longSide) || longSide < 1) {
    throw new RangeError(`a pass needs a longer side of 1 pixel or more, got ${longSide}`);
  }
  const scale = longSide / Math.max(photo.width, photo.height);
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  return {
    scale,
    width,
    height,
    inputWidth: CELL * Math.ceil(width / CELL),
    inputHeight: CELL * Math.ceil(height / CELL),
  };
}

/** Takes a box from pixels of the network's input to pixels of the photo. */
export function toPhoto({ left, top, width, height, score }: FaceBox, { scale }: Pass): FaceBox {
  return {
    left: left / scale,
    top: top / scale,
    width: width / scale,
    height: height / scale,
    score,
  };
}
