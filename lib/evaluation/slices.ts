/** Where a classifier fails: kinds of photos that users of such systems complain about. */
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
  /** How they were chosen or made: no one has labelled them. */
  how: string;
  images: ImageSet;
  /** Places in `images`. */
  places: number[];
}

/** The share of the photos that counts as blurred, and the largest mean level of a dark one. */
const BLURRED_SHARE = 0.15;
const DARK_LEVEL = 70;
/** How far from the middle of the jaw the nose of a side face is, at least: a share of the jaw's width. */
const TURNED = 0.2;
/** Individual typology angle, in degrees, below which skin is dark, and from which it is light. */
const DARK_SKIN = 10, LIGHT_SKIN = 41;

/**
 * Sorts photos by what can be measured: the size of a face's box, how sharp and bright the photo is, and
 * how light the skin between brow and cheeks is.
 *
 * Source of the angle: Chardon et al., 1991, International Journal of Cosmetic Science 13; of the six
 * levels likewise, joined two by two here. Light and camera move it: it sorts photos, not people.
 */
export function measureSlices(images: ImageSet, places: readonly number[]): Slice[] {
  const looks = places.map((place) => {
    const { box } = images.samples[place]!;
    return {
      place,
      side: box && Math.min(box.width, box.height),
      ...measureLook(viewPixels(images, place), images.size),
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
      `the ${100 * BLURRED_SHARE}% of least detail (variance of the Laplacian)`,
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
    places: looks.filter(test).map(({ place }) => place),
  })).filter(({ places }) => places.length > 0);
}

/**
 * Sorts faces by where they look: from the side the nose is no longer before the middle of the jaw. Faces
 * without landmarks, as many in full profile are, belong to neither.
 */
export async function turnSlices(
  images: ImageSet,
  places: readonly number[],
  { margin, onProgress }: {
    /** With which the set was loaded. @default FACE_MARGIN */
    margin?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Slice[]> {
  const side: number[] = [], front: number[] = [];
  for (const [done, place] of places.entries()) {
    const landmarks = await findLandmarksIn(images, place, { margin });
    if (landmarks) (Math.abs(measureTurn(landmarks)) >= TURNED ? side : front).push(place);
    onProgress?.({ stage: "Finding side faces", done: done + 1, total: places.length });
  }
  const from = "of the jaw's width from its middle";
  return [
    { name: "side faces", how: `nose ${TURNED} or more ${from}`, images, places: side },
    {
      name: "faces from the front",
      how: `nose less than ${TURNED} ${from}`,
      images,
      places: front,
    },
  ].filter(({ places }) => places.length > 0);
}

/** What is drawn on bare faces, and what the face is then. */
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
    name: "hand before the mouth",
    className: "without_mask",
    draw: drawHandAtMouth,
  },
  { name: "beard", className: "without_mask", draw: drawFullBeard },
  { name: "glasses", className: "without_mask", draw: drawGlasses },
];

/**
 * Draws masks, hands, beards and glasses on bare faces: what they do to a classifier, all else being equal.
 *
 * @param places Of bare faces; others, and those on which no landmarks are found, are passed over.
 */
export async function editSlices(
  images: ImageSet,
  places: readonly number[],
  { count = 60, margin, seed = 42, onProgress }: {
    /** Faces for each edit, the same for all. @default 60 */
    count?: number;
    /** With which the set was loaded. @default FACE_MARGIN */
    margin?: number;
    /** @default 42 */
    seed?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Slice[]> {
  const length = images.size ** 2 * 3;
  const stage = "Finding faces to draw on";
  const faces: { place: number; landmarks: readonly Point[] }[] = [];
  const bare = places.filter((place) => images.samples[place]!.className === "without_mask");
  for (const place of shuffle(bare, seededRandom(seed))) {
    if (faces.length === count) break;
    const landmarks = await findLandmarksIn(images, place, { margin });
    if (landmarks) faces.push({ place, landmarks });
    onProgress?.({ stage, done: faces.length, total: Math.min(count, bare.length) });
  }
  onProgress?.({ stage, done: faces.length, total: faces.length });
  return await Promise.all(EDITS.map(async ({ name, className, draw }, edit) => {
    const random = seededRandom(seed + 1 + edit); // of its own: they go on at the same time
    const pixels = new Uint8Array(faces.length * length);
    for (const [i, { place, landmarks }] of faces.entries()) {
      const before = viewPixels(images, place);
      const edited = await drawOnFace(before, images.size, landmarks, random, draw);
      pixels.set(edited, i * length);
    }
    const samples = faces.map(({ place }) => ({ ...images.samples[place]!, className }));
    const set = { size: images.size, pixels, samples, unreadable: [] };
    return { name, how: "drawn on bare faces", images: set, places: [...samples.keys()] };
  }));
}
