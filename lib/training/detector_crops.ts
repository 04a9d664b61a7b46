/** Crops of photos to train the detector on: cut, resized, mirrored and recoloured at random. */
import { decodePhoto, resizePhoto } from "../images/decode_image.ts";
import { LUMA } from "../photo.ts";
import type { Box, Random } from "../types.ts";
import { drawTargets, type Target, type Targets } from "./detector_targets.ts";

/** A photo and all faces in it. */
export interface PhotoOfFaces {
  file: string;
  /** In pixels of the photo; what is ignored may be a face or not. */
  faces: readonly Target[];
}

/** A crop and what the detector should say of it. */
export interface Crop extends Targets {
  /** `[side, side, 3]` uint8 RGB */
  pixels: Uint8Array;
}

/** Pixels of a photo's longer side, from the least to the largest, after it is resized at random. */
const LONG_SIDES = [320, 1280] as const;
/** The share of crops that show a face on purpose. */
const FACE_SHARE = 0.75;
/** Spreads of the logarithms of brightness and of each colour, and the share of crops without colour. */
const BRIGHTNESS = 0.4, TINT = 0.15, GREY_SHARE = 0.05;

/**
 * Cuts a crop at random. What it lacks on the right and below is black.
 *
 * @param side Pixels of the square crop.
 */
export async function cutCrop(
  { file, faces }: PhotoOfFaces,
  side: number,
  random: Random,
): Promise<Crop> {
  // All numbers are drawn before the first wait: crops are cut side by side.
  const draws = Array.from({ length: 12 }, random) as Draws;
  const [zoom, isFace, which, across, down, flip, ...colours] = draws;
  const photo = await decodePhoto(file);
  const longSide = LONG_SIDES[0] * (LONG_SIDES[1] / LONG_SIDES[0]) ** zoom;
  const scale = longSide / Math.max(photo.width, photo.height);
  const width = Math.max(1, Math.floor(Math.min(photo.width, side / scale)));
  const height = Math.max(1, Math.floor(Math.min(photo.height, side / scale)));
  const known = faces.filter(({ isIgnored }) => !isIgnored);
  const face = isFace < FACE_SHARE ? known[Math.floor(which * known.length)]?.box : undefined;
  const choose = (share: number, room: number, centre: number | undefined, length: number) =>
    Math.round(
      centre === undefined ? share * room : Math.min(room, Math.max(0, centre - share * length)),
    );
  const left = choose(across, photo.width - width, face && face.left + face.width / 2, width);
  const top = choose(down, photo.height - height, face && face.top + face.height / 2, height);
  const content = {
    width: Math.min(side, Math.max(1, Math.round(width * scale))),
    height: Math.min(side, Math.max(1, Math.round(height * scale))),
  };
  const rgb = await resizePhoto(photo, content, { box: { left, top, width, height } });
  const isFlipped = flip < 0.5;
  const [right, below] = [content.width / width, content.height / height];
  const place = (box: Box): Box => {
    const placed = {
      left: (box.left - left) * right,
      top: (box.top - top) * below,
      width: box.width * right,
      height: box.height * below,
    };
    return isFlipped ? { ...placed, left: content.width - placed.left - placed.width } : placed;
  };
  const targets = faces.map(({ box, isIgnored }) => ({ box: place(box), isIgnored }));
  return {
    pixels: paint(rgb, content, side, { isFlipped, colours }),
    ...drawTargets(targets, content, side),
  };
}

type Colours = [
  brightness: number,
  red: number,
  green: number,
  blue: number,
  grey: number,
  ...number[],
];
type Draws = [
  zoom: number,
  isFace: number,
  which: number,
  across: number,
  down: number,
  flip: number,
  ...colours: Colours,
];

/** Copies the content into the crop, in other colours, and mirrored or not. */
function paint(
  rgb: Uint8Array,
  { width, height }: { width: number; height: number },
  side: number,
  { isFlipped, colours: [brightness, red, green, blue, grey] }: {
    isFlipped: boolean;
    colours: Colours;
  },
): Uint8Array {
  const spread = (draw: number, by: number) => Math.exp((2 * draw - 1) * by);
  const light = spread(brightness, BRIGHTNESS);
  const gains = [red, green, blue].map((draw) => light * spread(draw, TINT));
  const isGrey = grey < GREY_SHARE;
  const pixels = new Uint8ClampedArray(3 * side * side);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x);
      const to = 3 * (y * side + (isFlipped ? width - 1 - x : x));
      const luma = isGrey &&
        LUMA[0] * rgb[from]! + LUMA[1] * rgb[from + 1]! + LUMA[2] * rgb[from + 2]!;
      for (let channel = 0; channel < 3; channel++) {
        pixels[to + channel] = (luma === false ? rgb[from + channel]! : luma) * gains[channel]!;
      }
    }
  }
  return new Uint8Array(pixels.buffer);
}
