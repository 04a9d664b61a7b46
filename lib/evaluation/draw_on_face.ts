/** Draws masks, hands and beards on photos of bare faces, to test classifiers. */
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
/** The lower end of the drawn chin. */
const CHIN = 54;
/** Points of the drawings of `sample_faces`, in their units, and the landmarks at the same points. */
const DRAWN: readonly { point: Point; landmarks: readonly number[] }[] = [
  { point: [-17, -12], landmarks: [36, 37, 38, 39, 40, 41] }, // eyes
  { point: [17, -12], landmarks: [42, 43, 44, 45, 46, 47] },
  { point: [0, 16], landmarks: [33] }, // under the nose
  { point: [0, 30], landmarks: [48, 54, 51, 57] }, // mouth
  { point: [0, CHIN], landmarks: [7, 8, 9] }, // chin
  { point: [-39, 12], landmarks: [2, 3] }, // jaw
  { point: [39, 12], landmarks: [13, 14] },
];

/** Draws a hand with its finger tips at the mouth, as SVG elements. */
export const drawHandAtMouth = (dice: Dice, face: Face): string =>
  drawHand(dice, face, dice.between(-8, 8), dice.between(24, 36));

/** Draws a black, brown or grey beard, as SVG elements. */
export const drawFullBeard = (dice: Dice, face: Face): string =>
  drawBeard(dice, { ...face, hair: dice.pick(["#1c1512", "#3d2817", "#8a8a8a"]) }, true);

/**
 * Draws on a face with a function that uses the units of `sample_faces`, fitted to the face's landmarks.
 *
 * @param pixels `[size, size, 3]` uint8 RGB; left unchanged
 * @param landmarks 68 points in pixels, as `findLandmarks` returns them
 * @param random The source of all random choices.
 * @param draw Returns SVG elements; the face's centre is 0 0.
 * @returns pixels of the same shape
 * @throws {RangeError} if `pixels` do not match `size`, there are not 68 landmarks, or they lie on one line
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
  // The centre is 0 0 in a picture, and half the size in a photo.
  const transform = `matrix(${[a, b, c, d, e - size / 2, f - size / 2].join(" ")})`;
  const content = group(transform, draw(makeDice(random), face));
  const drawing = picture(size, size, defineShade(), content);
  const { bitmap } = await Image.renderSVG(drawing, size, Image.SVG_MODE_HEIGHT);
  return pixels.map((level, i) => {
    const at = 4 * Math.floor(i / 3);
    // The bitmap's colours are premultiplied by its alpha.
    return Math.round(level * (1 - bitmap[at + 3]! / 255) + bitmap[at + i % 3]!);
  });
}

/** Averages the pixels at these points, clamped to the photo; points that are not numbers are refused later. */
function meanColour(pixels: Uint8Array, size: number, points: readonly Point[]): Colour {
  const inside = (position: number) => Math.max(0, Math.min(size - 1, Math.floor(position))) || 0;
  const starts = points.map(([x, y]) => 3 * (inside(y) * size + inside(x)));
  return toHex(
    [0, 1, 2].map((i) =>
      starts.reduce((sum, start) => sum + pixels[start + i]!, 0) / starts.length
    ),
  );
}

/** @throws {RangeError} if the number of pixels or landmarks is wrong */
function expectFace(pixels: Uint8Array, landmarks: readonly Point[], size: number): void {
  if (pixels.length !== size * size * 3) {
    throw new RangeError(
      `pixels must be ${size * size * 3} bytes for size ${size}, got ${pixels.length}`,
    );
  }
  if (landmarks.length !== 68) {
    throw new RangeError(`landmarks must be 68 points, got ${landmarks.length}`);
  }
}

/** Fits the affine map from the drawings' points to those of the photo. */
function fitDrawing(landmarks: readonly Point[]): AffineMap {
  const mean = (numbers: readonly number[], axis: 0 | 1) =>
    numbers.reduce((sum, number) => sum + landmarks[number]![axis], 0) / numbers.length;
  return fitAffine(DRAWN.map(({ point, landmarks: numbers }) => ({
    from: point,
    to: [mean(numbers, 0), mean(numbers, 1)],
  })));
}
