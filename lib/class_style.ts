/** How each class looks, and what it is called. Machines read a class's {@linkcode ClassName}. */
import type { ClassName } from "./types.ts";

/** The words, the colour and the line of one class. */
export interface ClassStyle {
  /** For people, in sentences, lists and charts. */
  words: string;
  /** As `words`, where there is little room: on a box, beside a percentage. */
  short: string;
  /** One character, where there is room for no word. */
  sign: string;
  /** `#RRGGBB` */
  colour: string;
  /** The colour of text on `colour`: the one of black and white with more contrast. */
  ink: string;
  /** A box's line: lengths of a dash and of the gap after it, in line widths; none for a whole line. */
  dashes: readonly number[];
}

/**
 * The style of each class, in the order in which people are told of them. Each differs from the others in
 * colour, in line and in words, so that nobody depends on one of these.
 *
 * Source of the colours, which the colour-blind can tell apart: M. Okabe and K. Ito, "Color Universal
 * Design", 2008, https://jfly.uni-koeln.de/color/
 *
 * @example
 * ```ts
 * import { CLASS_STYLES } from "./class_style.ts";
 *
 * console.log(CLASS_STYLES.mask_weared_incorrect.words); // mask worn incorrectly
 * ```
 */
export const CLASS_STYLES: Readonly<Record<ClassName, Readonly<ClassStyle>>> = {
  with_mask: {
    words: "with mask",
    short: "mask",
    sign: "✓",
    colour: "#0072B2",
    ink: "#FFFFFF",
    dashes: [],
  },
  without_mask: {
    words: "without mask",
    short: "no mask",
    sign: "✗",
    colour: "#D55E00",
    ink: "#000000",
    dashes: [4, 2],
  },
  mask_weared_incorrect: {
    words: "mask worn incorrectly",
    short: "incorrect",
    sign: "!",
    colour: "#CC79A7",
    ink: "#000000",
    dashes: [1, 1.5],
  },
};

/**
 * Reads a colour.
 *
 * @param colour `#RRGGBB`
 * @returns levels in 0..255
 * @example
 * ```ts
 * import { CLASS_STYLES, parseColour } from "./class_style.ts";
 *
 * console.log(parseColour(CLASS_STYLES.with_mask.colour)); // [0, 114, 178]
 * ```
 */
export function parseColour(colour: string): [red: number, green: number, blue: number] {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, value >> 8 & 255, value & 255];
}
