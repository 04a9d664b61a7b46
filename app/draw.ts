/// <reference lib="dom" />
/** Boxes and labels, legible on any photo. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { Box } from "../lib/types.ts";
import { describeFace } from "./words.ts";

/** In units. */
const LINE = 3, LABEL_HEIGHT = 19;

/**
 * Draws the faces: a box in the colour and line of its class, and a label above it, or
 * inside where the picture ends. Where words would cover another face or label, a sign stands for them.
 *
 * @param faces The surest first: they get their words first.
 * @param scale Pixels of the canvas for each pixel of the photo.
 * @param unit Pixels of the canvas that look as large as one pixel of a usual screen.
 */
export function drawFaces(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  faces: readonly MaskDetection[],
  { scale, unit }: { scale: number; unit: number },
): void {
  context.font = `600 ${13 * unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const boxes = faces.map(({ box }) => scaleBox(box, scale));
  for (const [i, box] of boxes.entries()) {
    const { colour, dashes: lengths } = CLASS_STYLES[faces[i]!.label];
    const dashes = lengths.map((dash) => dash * LINE * unit);
    // Edged in black and white, the line shows on any ground.
    drawBox(context, box, { colour: "#000", width: (LINE + 2.5) * unit, dashes: [] });
    drawBox(context, box, { colour: "#fff", width: (LINE + 1) * unit, dashes: [] });
    drawBox(context, box, { colour, width: LINE * unit, dashes });
  }

  const labels: Box[] = [];
  for (const [i, face] of faces.entries()) {
    const { sign, colour, ink } = CLASS_STYLES[face.label];
    const others = [...labels, ...boxes.filter((_, other) => other !== i)];
    const place = (text: string) => placeLabel(context, text, boxes[i]!, unit);
    const words = `${sign} ${describeFace(face)}`;
    const text = others.some((other) => overlap(place(words), other)) ? sign : words;
    const label = place(text);
    labels.push(label);
    context.fillStyle = colour;
    context.fillRect(label.left, label.top, label.width, label.height);
    context.fillStyle = ink;
    context.fillText(text, label.left + 4 * unit, label.top + label.height / 2);
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

function placeLabel(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  text: string,
  box: Box,
  unit: number,
): Box {
  const width = context.measureText(text).width + 8 * unit, height = LABEL_HEIGHT * unit;
  return {
    left: Math.max(0, Math.min(box.left - LINE * unit, context.canvas.width - width)),
    top: box.top >= height ? box.top - height : box.top,
    width,
    height,
  };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width &&
    a.top < b.top + b.height && b.top < a.top + a.height;
}
