/// <reference lib="dom" />
/** Draws boxes and labels that are legible on any photo. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { placeLabels } from "../lib/inference/place_labels.ts";
import type { Box } from "../lib/types.ts";
import { labelFace } from "./words.ts";

/** Sizes in units. In crowds, letters and lines shrink, down to a share. */
const LINE = 3, LETTERS = 13, LABEL_HEIGHT = 19, LABEL_PADDING = 4, SMALLEST = 0.65;
/** The share of a picture that labels can hide before they shrink. */
const MOST_HIDDEN = 0.12;

/**
 * Draws a box for each face, in the colour and line of its class, and a label where it hides least.
 *
 * @param faces The most confident first: their labels are placed first.
 * @param scale Canvas pixels per photo pixel.
 * @param unit Canvas pixels per CSS pixel.
 */
export function drawFaces(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  faces: readonly MaskDetection[],
  { scale, unit }: { scale: number; unit: number },
): void {
  const { width, height } = context.canvas;
  const setFont = (size: number) => context.font = `600 ${size}px system-ui, sans-serif`;
  const texts = faces.map(labelFace);
  setFont(LETTERS * unit);
  const hidden = texts.reduce(
    (sum, [text]) =>
      sum + (context.measureText(text!).width + 2 * LABEL_PADDING * unit) * LABEL_HEIGHT * unit,
    0,
  );
  const share = Math.sqrt(MOST_HIDDEN * width * height / hidden);
  const size = unit * Math.max(SMALLEST, Math.min(1, share));
  setFont(LETTERS * size);

  const boxes = faces.map(({ box }) => scaleBox(box, scale));
  for (const [i, box] of boxes.entries()) {
    const { colour, dashes: lengths } = CLASS_STYLES[faces[i]!.label];
    const line = Math.min(LINE * size, Math.max(unit, box.width / 12));
    const dashes = lengths.map((dash) => dash * line);
    // Edges in black and white make the line visible on any background.
    drawBox(context, box, { colour: "#000", width: 1.8 * line, dashes: [] });
    drawBox(context, box, { colour: "#fff", width: 1.3 * line, dashes: [] });
    drawBox(context, box, { colour, width: line, dashes });
  }

  context.textBaseline = "middle";
  const padding = LABEL_PADDING * size;
  const sizes = texts.map((wordings) =>
    wordings.map((text) => ({
      width: context.measureText(text).width + 2 * padding,
      height: LABEL_HEIGHT * size,
    }))
  );
  for (const [i, place] of placeLabels(boxes, sizes, { width, height }).entries()) {
    const { colour, ink } = CLASS_STYLES[faces[i]!.label];
    context.fillStyle = colour;
    context.fillRect(place.left, place.top, place.width, place.height);
    context.fillStyle = ink;
    const middle = place.top + place.height / 2;
    context.fillText(texts[i]![place.wording]!, place.left + padding, middle);
  }
}

function scaleBox({ left, top, width, height }: Box, scale: number): Box {
  return { left: left * scale, top: top * scale, width: width * scale, height: height * scale };
}

function drawBox(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  { left, top, width, height }: Box,
  line: { colour: string; width: number; dashes: number[] },
): void {
  context.strokeStyle = line.colour;
  context.lineWidth = line.width;
  context.setLineDash(line.dashes);
  context.strokeRect(left, top, width, height);
}
