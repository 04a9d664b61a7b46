/** The text of a YOLO label file to labelled face boxes. Touches no files. */
import { clipBox } from "../boxes.ts";
import { scaleBox, type StoredSize, uprightSize } from "./fit_boxes.ts";
import type { Annotation, ParsedAnnotation } from "./voc.ts";

/** How the lines of label files are to be read. */
export interface YoloLabels {
  /** The class of each index. */
  names: ReadonlyMap<number, string>;
  /** Whether a line's box is followed by key points, not by the corners of an outline. */
  hasKeypoints?: boolean;
}

/** A line's face: its class, and its box in a photo of 1 x 1. */
interface Line {
  label: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Labels are of photos as they are shown, and may exceed them by what rounding adds. */
const UNIT = { width: 1, height: 1 };
const ROUNDING = 1e-3;

/**
 * Reads the faces of a YOLO label file: a line each of class, centre, width and height as shares of the upright
 * photo's width and height. Of an outline, which has more numbers, the box around it is taken.
 *
 * Source: https://docs.ultralytics.com/datasets/detect/ and, for outlines, /datasets/segment/
 *
 * @returns an annotation whose boxes are placed only where the photo is known
 * @example
 * ```ts
 * import { parseYoloLabels } from "./yolo.ts";
 *
 * const { place } = parseYoloLabels("0 0.5 0.5 0.2 0.4", { names: new Map([[0, "mask"]]) });
 * console.log(place({ width: 100, height: 50, orientation: 1 }).faces[0]?.box?.left); // 40
 * ```
 */
export function parseYoloLabels(text: string, how: YoloLabels): ParsedAnnotation {
  const dropped: string[] = [], lines: Line[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    try {
      lines.push(readLine(line.trim(), how));
    } catch (error) {
      dropped.push(`line ${index + 1}: ${(error as Error).message}`);
    }
  }
  return {
    labels: lines.map(({ label }) => label),
    place: (photo) => placeLines(lines, dropped, photo),
  };
}

/** Reads a line; throws what is wrong with it. */
function readLine(line: string, { names, hasKeypoints }: YoloLabels): Line {
  const [index, ...values] = line.split(/\s+/).map(Number) as [number, ...number[]];
  const shown = line.slice(0, 60);
  if (![index, ...values].every(Number.isFinite) || !Number.isInteger(index) || values.length < 4) {
    throw new SyntaxError(`needs a class and 4 numbers or more, got ${JSON.stringify(shown)}`);
  }
  const label = names.get(index) ?? (names.size === 0 ? String(index) : undefined);
  if (label === undefined) throw new RangeError(`class ${index} has no name`);
  const isBox = values.length === 4 || hasKeypoints;
  if (!isBox && (values.length < 6 || values.length % 2 > 0)) {
    throw new SyntaxError(`needs a box or an outline, got ${JSON.stringify(shown)}`);
  }
  const [x, y, width, height] = values as [number, number, number, number];
  const across = isBox ? [x - width / 2, x + width / 2] : values.filter((_, i) => i % 2 === 0);
  const down = isBox ? [y - height / 2, y + height / 2] : values.filter((_, i) => i % 2 === 1);
  const left = Math.min(...across), top = Math.min(...down);
  const right = Math.max(...across), bottom = Math.max(...down);
  const used = isBox ? values.slice(0, 4) : values;
  if (used.some((value) => value < -ROUNDING || value > 1 + ROUNDING)) {
    throw new RangeError(`needs shares of the photo in 0 to 1, got ${JSON.stringify(shown)}`);
  }
  if (!(right > left && bottom > top)) throw new RangeError(`empty box ${JSON.stringify(shown)}`);
  return { label, ...clipBox({ left, top, width: right - left, height: bottom - top }, UNIT) };
}

function placeLines(
  lines: readonly Line[],
  dropped: string[],
  photo: StoredSize | undefined,
): Annotation {
  if (!photo) return { faces: [], dropped, notes: [] };
  const size = uprightSize(photo);
  const faces = lines.map(({ label, ...box }) => ({
    label,
    box: scaleBox(box, UNIT, size),
    isDifficult: false,
  }));
  return { faces, dropped, notes: [] };
}
