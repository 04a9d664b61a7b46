/** The text of a PASCAL VOC annotation to labelled face boxes. Touches no files. */
import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { type Box, CLASSES, type ClassName } from "../types.ts";

/** What one annotation says of one photo. */
export interface Annotation {
  /** The photo's file name as the annotation gives it, which is not always that of a file. */
  filename?: string;
  faces: { className: ClassName; box: Box }[];
  /** Why a face is not in `faces`, a line each. */
  dropped: string[];
  /** What is odd about the faces that are, a line each. */
  notes: string[];
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
 * Boxes that reach over the edges of the photo are clipped to `<size>`, and noted.
 *
 * Entities that a document declares are never expanded; the parser refuses what is not well-formed.
 *
 * @param xml The annotation; its size bounds the work.
 * @throws {SyntaxError} If `xml` is not well-formed or its root is not `<annotation>`.
 * @example
 * ```ts
 * import { parseAnnotation } from "./voc.ts";
 *
 * const { faces } = parseAnnotation(`<annotation>
 *   <size><width>512</width><height>366</height></size>
 *   <object><name>with_mask</name>
 *     <bndbox><xmin>79</xmin><ymin>105</ymin><xmax>109</xmax><ymax>142</ymax></bndbox>
 *   </object>
 * </annotation>`);
 * console.log(faces); // [{ className: "with_mask", box: { left: 78, top: 104, width: 31, height: 38 } }]
 * ```
 */
export function parseAnnotation(xml: string): Annotation {
  const root = parseRoot(xml);
  const annotation: Annotation = {
    filename: textAt(root, "filename")?.slice(0, MAX_NAME),
    faces: [],
    dropped: [],
    notes: [],
  };
  const width = numberAt(root, "size", "width") ?? 0;
  const height = numberAt(root, "size", "height") ?? 0;
  const sized = width > 0 && height > 0;
  if (!sized) annotation.notes.push("no usable <size>: boxes are not checked against the photo");

  for (const [index, object] of childrenOf(root, "object").entries()) {
    const drop = (reason: string) => annotation.dropped.push(`face ${index + 1}: ${reason}`);
    const name = textAt(object, "name");
    const className = CLASSES["three-class"].find((known) => known === name);
    if (className === undefined) {
      drop(`unknown class ${quote(name)}, known are ${CLASSES["three-class"].join(", ")}`);
      continue;
    }
    const corners = ["xmin", "ymin", "xmax", "ymax"].map((key) => numberAt(object, "bndbox", key));
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
    const right = Math.round(xmax), bottom = Math.round(ymax);
    const box = clip({ left, top, right, bottom }, sized ? { width, height } : undefined);
    if (box.width < 1 || box.height < 1) {
      drop(`box ${given} lies outside the photo of ${width} x ${height}`);
      continue;
    }
    if (box.width < right - left || box.height < bottom - top) {
      annotation.notes.push(
        `face ${index + 1}: box ${given} is clipped to the photo of ${width} x ${height}`,
      );
    }
    annotation.faces.push({ className, box });
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

function clip(
  { left, top, right, bottom }: { left: number; top: number; right: number; bottom: number },
  photo = { width: Infinity, height: Infinity },
): Box {
  left = Math.max(left, 0);
  top = Math.max(top, 0);
  return {
    left,
    top,
    width: Math.min(right, photo.width) - left,
    height: Math.min(bottom, photo.height) - top,
  };
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
