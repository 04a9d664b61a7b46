/**
 * Draws labels: text in a TrueType font on a filled rectangle.
 *
 * opentype.js provides the outlines, and imagescript fills them. imagescript's `renderText` fails on Deno 2, and
 * reads the font again for each text.
 */
import { Image } from "npm:imagescript@1.3.1";
import { createRequire } from "node:module";
import opentype from "npm:opentype.js@2.0.0";
import type { Size } from "../boxes.ts";

const FONT = "@expo-google-fonts/lato/700Bold/Lato_700Bold.ttf";
/** Height of a capital letter, and padding on each side, relative to the font size. */
const CAPITAL = 0.72, PADDING = 0.25;

/** A text and its style. */
export interface Label {
  text: string;
  /** In pixels. */
  fontSize: number;
  /** Colour of the background, as `#RRGGBB`. */
  colour: string;
  /** Colour of the text, as `#RRGGBB`. */
  ink: string;
}

/** The part of opentype.js's font that is used here: its published types are of an older version. */
interface Font {
  unitsPerEm: number;
  getAdvanceWidth(text: string, fontSize: number): number;
  getPath(text: string, x: number, y: number, fontSize: number): {
    toPathData(decimals: number): string;
  };
}

let font: Font | undefined;

/** Loads the font at the first call, in about 20 ms. */
function loadFont(): Font {
  const path = createRequire(import.meta.url).resolve(FONT);
  return font ??= opentype.parse(Deno.readFileSync(path).buffer) as Font;
}

/**
 * Measures a label.
 *
 * @returns the size in whole pixels, padding included
 */
export function measureLabel(text: string, fontSize: number): Size {
  return {
    width: Math.ceil(loadFont().getAdvanceWidth(text, fontSize) + 2 * PADDING * fontSize),
    height: Math.ceil((CAPITAL + 2 * PADDING) * fontSize),
  };
}

/**
 * Draws labels with a black edge, in the sizes that {@linkcode measureLabel} returns.
 *
 * @returns opaque pictures, one per label, in order
 */
export async function drawLabels(labels: readonly Label[]): Promise<Image[]> {
  if (labels.length === 0) return [];
  const sizes = labels.map(({ text, fontSize }) => measureLabel(text, fontSize));
  const width = Math.max(...sizes.map((size) => size.width));
  // All labels are drawn on one sheet, as each drawing starts a renderer.
  let height = 0;
  const tops = sizes.map((size) => (height += size.height) - size.height);
  const plates = labels.map(({ text, fontSize, colour, ink }, i) => {
    const { unitsPerEm } = loadFont();
    // The font's units are integers: opentype.js rounds some other numbers to NaN.
    const outline = loadFont().getPath(text, 0, 0, unitsPerEm).toPathData(0);
    const [x, y] = [PADDING * fontSize, tops[i]! + (PADDING + CAPITAL) * fontSize];
    const size = sizes[i]!;
    return `<rect y="${tops[i]}" width="${size.width}" height="${size.height}"/>` +
      `<rect x="1" y="${tops[i]! + 1}" width="${size.width - 2}" height="${size.height - 2}" ` +
      `fill="${colour}"/>` +
      `<path transform="translate(${x} ${y}) scale(${fontSize / unitsPerEm})" d="${outline}" ` +
      `fill="${ink}"/>`;
  });
  const sheet = await Image.renderSVG(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${
      plates.join("")
    }</svg>`,
  );
  return sizes.map(({ width, height }, i) => {
    const label = new Image(width, height);
    for (let y = 0; y < height; y++) {
      const from = 4 * (tops[i]! + y) * sheet.width;
      label.bitmap.set(sheet.bitmap.subarray(from, from + 4 * width), 4 * y * width);
    }
    return label;
  });
}
