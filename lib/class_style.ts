/** Defines the words, colour and line of each class, for people. Programs read {@linkcode ClassName}. */
import type { ClassName } from "./types.ts";

/** The words, the colour and the line of one class. */
export interface ClassStyle {
  /** For people, in sentences, lists and charts. */
  words: string;
  /** A short form for narrow spaces, such as a box's label. */
  short: string;
  /** One character, where no word fits. */
  sign: string;
  /** `#RRGGBB` */
  colour: string;
  /** The colour of text on `colour`: black or white, whichever has more contrast. */
  ink: string;
  /** The box's line: dash length and gap length, in line widths; empty for a solid line. */
  dashes: readonly number[];
}

/**
 * Maps each class to its style, in the order in which people read them. The classes differ in colour, in
 * line and in words, so that no reader depends on one of these.
 *
 * Source of the colours, which colour-blind readers can distinguish: M. Okabe and K. Ito, "Color Universal
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
 * Parses a hexadecimal colour.
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
