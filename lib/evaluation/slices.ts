/** Sorts photos into slices on which classifiers often fail. */
import { drawFullBeard, drawHandAtMouth, drawOnFace } from "./draw_on_face.ts";
import { findLandmarksIn, measureTurn, type Point } from "../detection/landmarks.ts";
import { seededRandom, shuffle } from "../random.ts";
import type { Dice } from "../data/sample_faces/chance.ts";
import type { Face } from "../data/sample_faces/face.ts";
import { drawGlasses } from "../data/sample_faces/hair.ts";
import { drawClothMask, drawMask } from "../data/sample_faces/masks.ts";
import { measureLook } from "./look.ts";
import type { ClassName, ImageSet, OnProgress } from "../types.ts";
import { viewPixels } from "../photo.ts";

/** Photos of one kind. */
export interface Slice {
  name: string;
  /** How the photos were chosen or made. */
  how: string;
  images: ImageSet;
  /** Indices in `images`. */
  indices: number[];
}

/** The share of the photos that counts as blurred, and the largest mean level of a dark one. */
const BLURRED_SHARE = 0.15;
const DARK_LEVEL = 70;
/** The least distance of the nose from the middle of the jaw in a side face, as a share of the jaw's width. */
const TURNED = 0.2;
/** Individual typology angle, in degrees, below which skin is dark, and from which it is light. */
const DARK_SKIN = 10, LIGHT_SKIN = 41;

/**
 * Sorts photos by measurements: the size of the face's box, the sharpness and brightness of the photo, and the
 * lightness of the skin between brow and cheeks.
 *
 * Source of the skin's typology angle: Chardon et al., 1991, International Journal of Cosmetic Science 13. Pairs
 * of its six levels are joined here. The angle depends on light and camera: it sorts photos, not people.
 *
 * @returns the slices that have photos
 * @example
 * ```ts
 * import { measureSlices } from "./slices.ts";
 *
 * const box = { left: 0, top: 0, width: 20, height: 30 };
 * const samples = [{ file: "1.jpg", className: "with_mask" as const, box }];
 * const images = { size: 32, pixels: new Uint8Array(32 * 32 * 3), samples, unreadable: [] };
 * console.log(measureSlices(images, [0]).map(({ name }) => name)); // small, blurred and dark
 * ```
 */
export function measureSlices(images: ImageSet, indices: readonly number[]): Slice[] {
  const looks = indices.map((index) => {
    const { box } = images.samples[index]!;
    return {
      index,
      side: box && Math.min(box.width, box.height),
      ...measureLook(viewPixels(images, index), images.size),
    };
  });
  const limit = looks.map(({ detail }) => detail).sort((a, b) => a - b)[
    Math.floor(BLURRED_SHARE * looks.length)
  ]!;
  type Test = (look: typeof looks[number]) => boolean | undefined;
  const kinds: [name: string, how: string, test: Test][] = [
    ["faces under 32 pixels", "labelled box", ({ side }) => side !== undefined && side < 32],
    ["faces of 32 to 63 pixels", "labelled box", ({ side }) => side! >= 32 && side! < 64],
    ["faces of 64 pixels and more", "labelled box", ({ side }) => side! >= 64],
    [
      "blurred",
      `the ${100 * BLURRED_SHARE}% with the least detail (variance of the Laplacian)`,
      ({ detail }) => detail <= limit,
    ],
    ["dark photos", `mean level under ${DARK_LEVEL}`, ({ level }) => level < DARK_LEVEL],
    ["dark skin", `typology angle under ${DARK_SKIN}°`, ({ angle }) => angle < DARK_SKIN],
    [
      "intermediate skin",
      `typology angle ${DARK_SKIN} to ${LIGHT_SKIN}°`,
      ({ angle }) => angle >= DARK_SKIN && angle < LIGHT_SKIN,
    ],
    ["light skin", `typology angle from ${LIGHT_SKIN}°`, ({ angle }) => angle >= LIGHT_SKIN],
  ];
  return kinds.map(([name, how, test]) => ({
    name,
    how,
    images,
    indices: looks.filter(test).map(({ index }) => index),
  })).filter(({ indices }) => indices.length > 0);
}

/**
 * Sorts faces into side faces and faces from the front, by the distance of the nose from the middle of the jaw.
 * Faces without landmarks, such as many full profiles, are in neither slice.
 *
 * @returns the slices that have photos
 * @example
 * ```ts
 * import { turnSlices } from "./slices.ts";
 *
 * const samples = [{ file: "1.jpg", className: "with_mask" as const }];
 * const images = { size: 64, pixels: new Uint8Array(64 * 64 * 3), samples, unreadable: [] };
 * console.log(await turnSlices(images, [0])); // [], as there is no face
 * ```
 */
export async function turnSlices(
  images: ImageSet,
  indices: readonly number[],
  { margin, onProgress }: {
    /** The margin with which the set was loaded. @default FACE_MARGIN */
    margin?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Slice[]> {
  const side: number[] = [], front: number[] = [];
  for (const [done, index] of indices.entries()) {
    const landmarks = await findLandmarksIn(images, index, { margin });
    if (landmarks) (Math.abs(measureTurn(landmarks)) >= TURNED ? side : front).push(index);
    onProgress?.({ stage: "Finding side faces", done: done + 1, total: indices.length });
  }
  const from = "of the jaw's width from its middle";
  return [
    { name: "side faces", how: `nose ${TURNED} or more ${from}`, images, indices: side },
    {
      name: "faces from the front",
      how: `nose less than ${TURNED} ${from}`,
      images,
      indices: front,
    },
  ].filter(({ indices }) => indices.length > 0);
}

/** The drawings, with the resulting class. */
const EDITS: readonly {
  name: string;
  className: ClassName;
  draw: (dice: Dice, face: Face) => string;
}[] = [
  {
    name: "black mask",
    className: "with_mask",
    draw: (dice, face) => drawMask(dice, face, "#15161a"),
  },
  {
    name: "printed mask",
    className: "with_mask",
    draw: (dice, face) => drawClothMask(dice, face, "#c05040", 1),
  },
  {
    name: "hand over the mouth",
    className: "without_mask",
    draw: drawHandAtMouth,
  },
  { name: "beard", className: "without_mask", draw: drawFullBeard },
  { name: "glasses", className: "without_mask", draw: drawGlasses },
];

/**
 * Draws masks, hands, beards and glasses on bare faces, to measure their effect on a classifier.
 *
 * @param indices Faces to draw on. Faces that are not bare or have no landmarks are skipped.
 * @returns one slice per drawing, with new images
 * @example
 * ```ts
 * import { editSlices } from "./slices.ts";
 *
 * const samples = [{ file: "1.jpg", className: "without_mask" as const }];
 * const images = { size: 64, pixels: new Uint8Array(64 * 64 * 3), samples, unreadable: [] };
 * console.log((await editSlices(images, [0])).map(({ name }) => name)); // black mask, printed mask, …
 * ```
 */
export async function editSlices(
  images: ImageSet,
  indices: readonly number[],
  { count = 60, margin, seed = 42, onProgress }: {
    /** Faces per drawing, the same for all. @default 60 */
    count?: number;
    /** The margin with which the set was loaded. @default FACE_MARGIN */
    margin?: number;
    /** @default 42 */
    seed?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Slice[]> {
  const length = images.size ** 2 * 3;
  const stage = "Finding faces to draw on";
  const faces: { index: number; landmarks: readonly Point[] }[] = [];
  const bare = indices.filter((index) => images.samples[index]!.className === "without_mask");
  for (const index of shuffle(bare, seededRandom(seed))) {
    if (faces.length === count) break;
    const landmarks = await findLandmarksIn(images, index, { margin });
    if (landmarks) faces.push({ index, landmarks });
    onProgress?.({ stage, done: faces.length, total: Math.min(count, bare.length) });
  }
  onProgress?.({ stage, done: faces.length, total: faces.length });
  return await Promise.all(EDITS.map(async ({ name, className, draw }, edit) => {
    const random = seededRandom(seed + 1 + edit); // one per drawing, as they run concurrently
    const pixels = new Uint8Array(faces.length * length);
    for (const [i, { index, landmarks }] of faces.entries()) {
      const before = viewPixels(images, index);
      const edited = await drawOnFace(before, images.size, landmarks, random, draw);
      pixels.set(edited, i * length);
    }
    const samples = faces.map(({ index }) => ({ ...images.samples[index]!, className }));
    const set = { size: images.size, pixels, samples, unreadable: [] };
    return { name, how: "drawn on bare faces", images: set, indices: [...samples.keys()] };
  }));
}
