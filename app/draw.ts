/// <reference lib="dom" />
/** Boxes and labels, legible on any photo. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { placeLabels } from "../lib/inference/place_labels.ts";
import type { Box } from "../lib/types.ts";
import { labelFace } from "./words.ts";

/** In units. */
const LINE = 3, LABEL_HEIGHT = 19, LABEL_PADDING = 4;

/**
 * Draws the faces: a box in the colour and line of its class, and a label beside it, where it hides least.
 *
 * @param faces The surest first: their labels choose first.
 * @param scale Pixels of the canvas for each pixel of the photo.
 * @param unit Pixels of the canvas that look as large as one pixel of a usual screen.
 */
export function drawFaces(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  faces: readonly MaskDetection[],
  { scale, unit }: { scale: number; unit: number },
): void {
  const boxes = faces.map(({ box }) => scaleBox(box, scale));
  for (const [i, box] of boxes.entries()) {
    const { colour, dashes: lengths } = CLASS_STYLES[faces[i]!.label];
    const dashes = lengths.map((dash) => dash * LINE * unit);
    // Edged in black and white, the line shows on any ground.
    drawBox(context, box, { colour: "#000", width: (LINE + 2.5) * unit, dashes: [] });
    drawBox(context, box, { colour: "#fff", width: (LINE + 1) * unit, dashes: [] });
    drawBox(context, box, { colour, width: LINE * unit, dashes });
  }

  context.font = `600 ${13 * unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const texts = faces.map(labelFace);
  const sizes = texts.map((wordings) =>
    wordings.map((text) => ({
      width: context.measureText(text).width + 2 * LABEL_PADDING * unit,
      height: LABEL_HEIGHT * unit,
    }))
  );
  const { width, height } = context.canvas;
  for (const [i, place] of placeLabels(boxes, sizes, { width, height }).entries()) {
    const { colour, ink } = CLASS_STYLES[faces[i]!.label];
    context.fillStyle = colour;
    context.fillRect(place.left, place.top, place.width, place.height);
    context.fillStyle = ink;
    context.fillText(
      texts[i]![place.wording]!,
      place.left + LABEL_PADDING * unit,
      place.top + place.height / 2,
    );
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
