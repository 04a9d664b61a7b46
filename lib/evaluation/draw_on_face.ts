/** Draws onto photos of bare faces what may be taken for a mask, or hide one. */
import { Image } from "npm:imagescript@1.3.1";
import { type AffineMap, fitAffine } from "../detection/affine.ts";
import type { Point } from "../detection/landmarks.ts";
import { drawHand } from "../data/sample_faces/confusers.ts";
import { type Colour, type Dice, makeDice, toHex } from "../data/sample_faces/chance.ts";
import type { Face } from "../data/sample_faces/face.ts";
import { drawBeard } from "../data/sample_faces/head.ts";
import { defineShade } from "../data/sample_faces/scene.ts";
import { group, picture, trace } from "../data/sample_faces/svg.ts";
import type { Random } from "../types.ts";

/** Landmarks between the eyes, where skin is rarely covered. */
const BRIDGE = [27, 28, 29] as const;
/** Where the drawn chin ends. */
const CHIN = 54;
/** Where the drawings of `sample_faces` have the places that landmarks give, in their units. */
const DRAWN: readonly { place: Point; landmarks: readonly number[] }[] = [
  { place: [-17, -12], landmarks: [36, 37, 38, 39, 40, 41] }, // eyes
  { place: [17, -12], landmarks: [42, 43, 44, 45, 46, 47] },
  { place: [0, 16], landmarks: [33] }, // under the nose
  { place: [0, 30], landmarks: [48, 54, 51, 57] }, // mouth
  { place: [0, CHIN], landmarks: [7, 8, 9] }, // chin
  { place: [-39, 12], landmarks: [2, 3] }, // jaw
  { place: [39, 12], landmarks: [13, 14] },
];

/** SVG elements of a hand whose finger tips are at the mouth. */
export const drawHandAtMouth = (dice: Dice, face: Face): string =>
  drawHand(dice, face, dice.between(-8, 8), dice.between(24, 36));

/** SVG elements of a beard, black, brown or grey. */
export const drawFullBeard = (dice: Dice, face: Face): string =>
  drawBeard(dice, { ...face, hair: dice.pick(["#1c1512", "#3d2817", "#8a8a8a"]) }, true);

/**
 * Draws onto a face what a function draws in the units of `sample_faces`, by the face's landmarks.
 *
 * @param pixels `[size, size, 3]` uint8 RGB; is left as it is
 * @param landmarks 68 points, as `findLandmarks` gives them
 * @param random Where all choices come from.
 * @param draw Gives SVG elements; the face's middle is 0 0.
 * @returns pixels of the same shape
 * @throws {RangeError} if `pixels` are not as many as `size` says, if there are not 68 landmarks, or if they
 * lie on one line
 */
export async function drawOnFace(
  pixels: Uint8Array,
  size: number,
  landmarks: readonly Point[],
  random: Random,
  draw: (dice: Dice, face: Face) => string,
): Promise<Uint8Array> {
  expectFace(pixels, landmarks, size);
  const face: Face = {
    at: (x, y) => trace`${x} ${y}`,
    halfWidth: 42,
    chin: CHIN,
    yaw: 0,
    skin: meanColour(pixels, size, BRIDGE.map((number) => landmarks[number]!)),
    hair: "#2b1d14",
    iris: "#2a1708",
    feminine: 0.5,
  };
  const [[a, c, e], [b, d, f]] = fitDrawing(landmarks);
  // A picture's middle is 0 0, a photo's is half its size.
  const place = `matrix(${[a, b, c, d, e - size / 2, f - size / 2].join(" ")})`;
  const content = group(place, draw(makeDice(random), face));
  const drawing = picture(size, size, defineShade(), content);
  const { bitmap } = await Image.renderSVG(drawing, size, Image.SVG_MODE_HEIGHT);
  return pixels.map((level, i) => {
    const at = 4 * Math.floor(i / 3);
    // The bitmap's colours are multiplied by its alpha already.
    return Math.round(level * (1 - bitmap[at + 3]! / 255) + bitmap[at + i % 3]!);
  });
}

/** Of the pixels at these places, or at the edge beside them; places that are no numbers are refused later. */
function meanColour(pixels: Uint8Array, size: number, places: readonly Point[]): Colour {
  const inside = (position: number) => Math.max(0, Math.min(size - 1, Math.floor(position))) || 0;
  const starts = places.map(([x, y]) => 3 * (inside(y) * size + inside(x)));
  return toHex(
    [0, 1, 2].map((i) =>
      starts.reduce((sum, start) => sum + pixels[start + i]!, 0) / starts.length
    ),
  );
}

/** @throws {RangeError} if pixels or landmarks are not as many as they should be */
function expectFace(pixels: Uint8Array, landmarks: readonly Point[], size: number): void {
  if (pixels.length !== size * size * 3) {
    throw new RangeError(`size ${size} needs ${size * size * 3} bytes, got ${pixels.length}`);
  }
  if (landmarks.length !== 68) {
    throw new RangeError(`a face needs 68 landmarks, got ${landmarks.length}`);
  }
}

/** The affine map from the drawings' places to the photo's. */
function fitDrawing(landmarks: readonly Point[]): AffineMap {
  const mean = (numbers: readonly number[], axis: 0 | 1) =>
    numbers.reduce((sum, number) => sum + landmarks[number]![axis], 0) / numbers.length;
  return fitAffine(DRAWN.map(({ place, landmarks: numbers }) => ({
    from: place,
    to: [mean(numbers, 0), mean(numbers, 1)],
  })));
}
