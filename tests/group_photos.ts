/** Real photos of groups without masks, which come with the package of the detector. */
import { join } from "@std/path";
import { findPackage } from "../lib/detection/package.ts";
import type { Box } from "../lib/types.ts";

/** One of `sample1.jpg` to `sample6.jpg`. */
export const groupPhoto = (name: string): string => join(findPackage(), "demo", name);

/** Boxes of rows of left, top, width and height. */
export const toBoxes = (rows: number[][]): Box[] =>
  rows.map(([left, top, width, height]) => ({
    left: left!,
    top: top!,
    width: width!,
    height: height!,
  }));

/** Three people. */
export const GROUP: string = groupPhoto("sample1.jpg");
