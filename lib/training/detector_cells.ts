/** What the detector's second look learns from: cells of its finest grid, and what should be said of them. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { correctBox } from "../detection/correct_box.ts";
import { type Pass, planPass, toPhoto } from "../detection/passes.ts";
import { ANCHORS, readAnchor, STRIDES } from "../detection/decode_heads.ts";
import { runFinestGrid } from "../detection/ssd.ts";
import { type Detector, toInput } from "../detection/find_faces.ts";
import type { SsdNetwork } from "../detection/ssd_network.ts";
import { boxIou } from "../boxes.ts";
import { tf } from "../engine/tensorflow.ts";
import type { Photo } from "../photo.ts";
import type { Box, Random } from "../types.ts";

/** The anchors of a cell of the finest grid. */
export const FINEST = ANCHORS[0]!;
/** Of the finest grid. */
export const CHANNELS = 512;
/** Of the finest head: four numbers a box for each anchor, then their logits. */
export const BOX_NUMBERS = 4 * FINEST.length, OUTPUTS = 5 * FINEST.length;
/** Anchors of lower logits are left alone; cells with none above `CLEAR` are mostly left out. */
const FAINT = -4.6, CLEAR = -3, KEPT_FAINT_CELLS = 0.1;
/** One cell of a grid: what it is judged by, and what should be said of it. */
export interface Cell {
  /** The grid's channels, then the head's. */
  x: Float32Array;
  /** For each number of a box what it should be, then how much an error counts; then the same of scores. */
  y: Float32Array;
}

/** The photo as a mirror shows it. */
export function mirror({ width, height, pixels }: Photo, boxes: readonly Box[]): [Photo, Box[]] {
  const mirrored = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x), to = 3 * (y * width + width - 1 - x);
      for (let c = 0; c < 3; c++) mirrored[to + c] = pixels[from + c]!;
    }
  }
  return [
    { width, height, pixels: mirrored },
    boxes.map((box) => ({ ...box, left: width - box.left - box.width })),
  ];
}

/** The cells of the photo's finest grid that may show a face, and a few of the others. */
export async function readCells(
  { network: { ssd, runLayer }, platform }: Detector<SsdNetwork>,
  photo: Photo,
  faces: readonly Box[],
  size: number,
  random: Random,
): Promise<Cell[]> {
  const pass = planPass(photo, size);
  const x = await toInput(platform, photo, pass);
  const [grid, head] = tf.tidy(() => {
    const grid = runFinestGrid(tf, ssd, x, runLayer);
    return [grid, runLayer(grid, ssd.heads[0]!)] as [Tensor4D, Tensor4D];
  });
  const [channels, numbers] = await Promise.all([grid.data<"float32">(), head.data<"float32">()]);
  const [, rows, columns] = grid.shape;
  tf.dispose([x, grid, head]);
  const cells: Cell[] = [];
  for (let i = 0; i < rows * columns; i++) {
    const said = numbers.subarray(OUTPUTS * i, OUTPUTS * (i + 1));
    const logits = said.subarray(BOX_NUMBERS);
    if (Math.max(...logits) < FAINT) continue;
    const centre = {
      y: (Math.floor(i / columns) + 0.5) * STRIDES[0]!,
      x: (i % columns + 0.5) * STRIDES[0]!,
    };
    const y = new Float32Array(2 * OUTPUTS);
    let best = 0;
    for (let anchor = 0; anchor < FINEST.length; anchor++) {
      if (logits[anchor]! < FAINT) continue;
      best = Math.max(best, writeAim(y, anchor, { said, centre, faces, pass }));
    }
    if (best < 0.3 && Math.max(...logits) < CLEAR && random() > KEPT_FAINT_CELLS) continue;
    const row = new Float32Array(CHANNELS + OUTPUTS);
    row.set(channels.subarray(CHANNELS * i, CHANNELS * (i + 1)));
    row.set(said, CHANNELS);
    cells.push({ x: row, y });
  }
  return cells;
}

/**
 * Writes into `y` what an anchor should say.
 *
 * @returns how far its box overlaps the nearest face
 */
function writeAim(
  y: Float32Array,
  index: number,
  { said, centre, faces, pass }: {
    said: Float32Array;
    centre: { x: number; y: number };
    faces: readonly Box[];
    pass: Pass;
  },
): number {
  const anchor = FINEST[index]!, [height, width] = anchor;
  const raw = readAnchor(said, index, anchor, centre);
  const corrected = toPhoto(correctBox({ ...raw, score: 0 }), pass);
  const ious = faces.map((face) => boxIou(face, corrected));
  const iou = Math.max(0, ...ious);
  y[2 * BOX_NUMBERS + index] = aim(iou);
  y[2 * BOX_NUMBERS + FINEST.length + index] = iou > 0.3 && iou < 0.4 ? 0.3 : 1; // who knows
  if (iou <= 0.4) return iou;
  const face = faces[ious.indexOf(iou)]!;
  const [top, left] = [face.top * pass.scale, face.left * pass.scale];
  const [tall, wide] = [face.height * pass.scale, face.width * pass.scale];
  y.set([
    (top + tall / 2 - centre.y) / height * 10,
    (left + wide / 2 - centre.x) / width * 10,
    5 * Math.log(tall / height),
    5 * Math.log(wide / width),
  ], 4 * index);
  // So that an error counts as a share of the box's size.
  y.set([height / raw.height / 10, width / raw.width / 10, 1 / 5, 1 / 5], BOX_NUMBERS + 4 * index);
  return iou;
}

/** The score to aim at: 1 for a box that fits, rising with the overlap below. */
function aim(iou: number): number {
  if (iou >= 0.5) return Math.min(1, iou + 0.15);
  return Math.max(0, 1.5 * (iou - 0.3));
}
