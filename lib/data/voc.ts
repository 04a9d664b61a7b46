/** The text of a PASCAL VOC annotation to labelled face boxes. Touches no files. */
import { parseXml, XmlElement } from "npm:@rgrove/parse-xml@5.0.0";
import { clipBox, type Size } from "../boxes.ts";
import type { Box } from "../types.ts";
import { fitBoxes, type StoredSize } from "./fit_boxes.ts";

/** A face as an annotation has it. */
export interface AnnotatedFace {
  /** The name of its class in the data set. */
  label: string;
  box: Box;
  /** Whether it is left out of training, and counts neither way in judging. */
  isDifficult: boolean;
}

/** Something odd: of one kind whatever the numbers are, and in words. */
export interface Oddity {
  kind: string;
  reason: string;
}

/** What one annotation says of one photo. */
export interface Annotation {
  faces: AnnotatedFace[];
  /** Why a face is not in `faces`, a line each. */
  dropped: string[];
  /** What is odd about the faces that are. */
  notes: Oddity[];
}

/** An annotation that was read, before its boxes are laid over a photo. */
export interface ParsedAnnotation {
  /** The photo's file name as the annotation gives it, which is not always that of a file. */
  filename?: string;
  /** The name of each face's class. */
  labels: string[];
  /**
   * Lays the boxes over the photo.
   *
   * @param photo Without it, boxes are taken to be of a photo of `<size>`.
   */
  place: (photo?: StoredSize) => Annotation;
}

/** Elements in one another; an annotation has 4 levels, 5 with the parts of a body. */
const MAX_DEPTH = 50;
/** No file system has longer names. */
const MAX_NAME = 255;

/**
 * Reads the faces of a PASCAL VOC annotation.
 *
 * VOC counts pixels from 1 and both corners belong to the box, so `xmin` 1 and `xmax` 2 become
 * `left` 0 and `width` 2 ("The top-left pixel in the image has coordinates (1, 1)", PASCAL VOC2012
 * Development Kit, https://pjreddie.com/media/files/VOC2012_doc.pdf). Kaggle's
 * `andrewmvd/face-mask-detection` counts so: of 2,687 boxes in 510 of its photos, 40 sides lie at 1
 * and none at 0; 46 at the photo's width or height, and 8 one pixel beyond its width.
 *
 * {@linkcode ParsedAnnotation.place} clips boxes that reach over the edges of `<size>`, and moves them from
 * `<size>` to the photo (see `fitBoxes`); both are noted.
 *
 * Entities that a document declares are never expanded; the parser refuses what is not well-formed.
 *
 * @param xml The annotation; its size bounds the work.
 * @throws {SyntaxError} If `xml` is not well-formed or its root is not `<annotation>`.
 * @example
 * ```ts
 * import { parseAnnotation } from "./voc.ts";
 *
 * const { place } = parseAnnotation(`<annotation>
 *   <size><width>512</width><height>366</height></size>
 *   <object><name>with_mask</name>
 *     <bndbox><xmin>79</xmin><ymin>105</ymin><xmax>109</xmax><ymax>142</ymax></bndbox>
 *   </object>
 * </annotation>`);
 * console.log(place().faces[0]?.box); // { left: 78, top: 104, width: 31, height: 38 }
 * ```
 */
export function parseAnnotation(xml: string): ParsedAnnotation {
  const root = parseRoot(xml);
  const objects = childrenOf(root, "object").map(readObject);
  const width = numberAt(root, "size", "width") ?? 0;
  const height = numberAt(root, "size", "height") ?? 0;
  const size = width > 0 && height > 0 ? { width, height } : undefined;
  return {
    filename: textAt(root, "filename")?.slice(0, MAX_NAME),
    labels: objects.flatMap(({ label }) => label || []),
    place: (photo) => placeFaces(objects, size, photo),
  };
}

interface AnnotatedObject {
  label?: string;
  /** `xmin`, `ymin`, `xmax` and `ymax`. */
  corners: (number | undefined)[];
  isDifficult: boolean;
}

function readObject(object: XmlElement): AnnotatedObject {
  return {
    label: textAt(object, "name")?.slice(0, MAX_NAME),
    corners: ["xmin", "ymin", "xmax", "ymax"].map((key) => numberAt(object, "bndbox", key)),
    isDifficult: /^(1|true)$/i.test(textAt(object, "difficult") ?? ""),
  };
}

function placeFaces(
  objects: readonly AnnotatedObject[],
  size: Size | undefined,
  photo: StoredSize | undefined,
): Annotation {
  const annotation: Annotation = { faces: [], dropped: [], notes: [] };
  const note = (kind: string, reason: string) => annotation.notes.push({ kind, reason });
  const fit = size && photo && fitBoxes(size, photo);
  const frame = fit?.frame ?? size;
  if (!size) note("no size", "no usable <size>: boxes are not checked against the photo");
  if (fit?.note && objects.length > 0) annotation.notes.push(fit.note);

  for (const [index, { label, corners, isDifficult }] of objects.entries()) {
    const drop = (reason: string) => annotation.dropped.push(`face ${index + 1}: ${reason}`);
    if (!label) {
      drop(`needs one <name> of a class, got ${label ?? "none"}`);
      continue;
    }
    const [xmin, ymin, xmax, ymax] = corners;
    const given = corners.map((corner) => corner ?? "?").join(", ");
    if (xmin === undefined || ymin === undefined || xmax === undefined || ymax === undefined) {
      drop(`needs one <bndbox> of four numbers, got ${given}`);
      continue;
    }
    if (xmax <= xmin || ymax <= ymin) {
      drop(`empty or inverted box ${given}`);
      continue;
    }
    const left = Math.round(xmin) - 1, top = Math.round(ymin) - 1;
    const whole = { left, top, width: Math.round(xmax) - left, height: Math.round(ymax) - top };
    const box = clipBox(whole, frame ?? { width: Infinity, height: Infinity });
    const area = frame ? `the photo of ${frame.width} x ${frame.height}` : "the photo";
    if (box.width < 1 || box.height < 1) {
      drop(`box ${given} lies outside ${area}`);
      continue;
    }
    if (box.width < whole.width || box.height < whole.height) {
      note("clipped", `face ${index + 1}: box ${given} is clipped to ${area}`);
    }
    annotation.faces.push({ label, box: fit ? fit.move(box) : box, isDifficult });
  }
  return annotation;
}

function parseRoot(xml: string): XmlElement {
  let root: XmlElement | null;
  try {
    root = parseXml(xml).root;
  } catch (cause) {
    // The parser calls itself for each level, and runs out of stack some thousands deep.
    if (cause instanceof RangeError) throw new SyntaxError("too deeply nested XML", { cause });
    const [firstLine] = (cause as Error).message.split("\n");
    throw new SyntaxError(`not well-formed XML: ${firstLine}`, { cause });
  }
  if (root?.name !== "annotation") {
    throw new SyntaxError(`needs an <annotation>, got ${quote(root?.name)}`);
  }
  checkDepth(root);
  return root;
}

/** What the parser could just read may still be too deep for its `text`, which calls itself too. */
function checkDepth(root: XmlElement): void {
  let level = [root];
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap(({ children }) => children.filter((it) => it instanceof XmlElement));
    if (level.length === 0) return;
  }
  throw new SyntaxError(`too deeply nested XML: more than ${MAX_DEPTH} levels`);
}

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child): child is XmlElement =>
    child instanceof XmlElement && child.name === name
  );
}

/** The text at a path of elements, or undefined unless there is one of each on the way. */
function textAt(element: XmlElement, ...path: string[]): string | undefined {
  for (const name of path) {
    const found = childrenOf(element, name);
    if (found.length !== 1) return undefined;
    element = found[0]!;
  }
  return element.text.trim();
}

function numberAt(element: XmlElement, ...path: string[]): number | undefined {
  const text = textAt(element, ...path);
  return text !== undefined && /^-?\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function quote(text: string | undefined): string {
  return text === undefined ? "none" : JSON.stringify(text.slice(0, 40));
}
