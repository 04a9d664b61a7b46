/** Where a classifier fails: kinds of photos that users of such systems complain about. */
import { drawOnFace } from "./drawn_masks.ts";
import { findLandmarks, type Point } from "./landmarks.ts";
import { seededRandom, shuffle } from "./random.ts";
import type { Dice } from "./sample_faces/chance.ts";
import type { Face } from "./sample_faces/face.ts";
import { drawGlasses } from "./sample_faces/hair.ts";
import { drawHand } from "./sample_faces/confusers.ts";
import { drawClothMask, drawMask } from "./sample_faces/masks.ts";
import type { ClassName, ImageSet, OnProgress } from "./types.ts";

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
/** Individual typology angle, in degrees, below which skin is dark, and from which it is light. */
const DARK_SKIN = 10, LIGHT_SKIN = 41;

/**
 * Sorts photos by what can be measured: the size of a face's box, how sharp and bright the photo is, and
 * how light the skin between brow and cheeks is.
 *
 * Source of the angle: Chardon et al., 1991, International Journal of Cosmetic Science 13; of the levels
 * between which it is called dark, intermediate and light, likewise. Light and camera move it: it sorts
 * photos, not people.
 */
export function measureSlices(images: ImageSet, places: readonly number[]): Slice[] {
  const length = images.size ** 2 * 3;
  const looks = places.map((place) => {
    const pixels = images.pixels.subarray(place * length, (place + 1) * length);
    const { box } = images.samples[place]!;
    return { place, side: box && Math.min(box.width, box.height), ...look(pixels, images.size) };
  });
  const limit = looks.map(({ detail }) => detail).sort((a, b) => a - b)[
    Math.floor(BLURRED_SHARE * looks.length)
  ]!;
  type Look = typeof looks[number];
  const kinds: [name: string, how: string, test: (look: Look) => boolean | undefined][] = [
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
    draw: (dice, face) => drawHand(dice, face, dice.between(-8, 8), dice.between(24, 36)),
  },
  { name: "glasses", className: "without_mask", draw: drawGlasses },
];

/**
 * Draws masks, hands and glasses on bare faces: what they do to a classifier, all else being equal.
 *
 * @param places Of bare faces; others, and those on which no landmarks are found, are passed over.
 */
export async function editSlices(
  images: ImageSet,
  places: readonly number[],
  { count = 60, seed = 42, onProgress }: {
    /** Faces for each edit, the same for all. @default 60 */
    count?: number;
    /** @default 42 */
    seed?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Slice[]> {
  const length = images.size ** 2 * 3;
  const pixelsOf = (place: number) => images.pixels.slice(place * length, (place + 1) * length);
  const faces: { place: number; landmarks: readonly Point[] }[] = [];
  const bare = places.filter((place) => images.samples[place]!.className === "without_mask");
  for (const place of shuffle(bare, seededRandom(seed))) {
    if (faces.length === count) break;
    const landmarks = await findLandmarks(pixelsOf(place), images.size);
    if (landmarks) faces.push({ place, landmarks });
    onProgress?.({ stage: "finding faces to draw on", done: faces.length, total: count });
  }
  return await Promise.all(EDITS.map(async ({ name, className, draw }, edit) => {
    const random = seededRandom(seed + 1 + edit); // of its own: they go on at the same time
    const pixels = new Uint8Array(faces.length * length);
    for (const [i, { place, landmarks }] of faces.entries()) {
      const edited = await drawOnFace(pixelsOf(place), images.size, landmarks, random, draw);
      pixels.set(edited, i * length);
    }
    const samples = faces.map(({ place }) => ({ ...images.samples[place]!, className }));
    const set = { size: images.size, pixels, samples, unreadable: [] };
    return { name, how: "drawn on bare faces", images: set, places: [...samples.keys()] };
  }));
}

/** Mean level, variance of the Laplacian, and typology angle in degrees; NaN where there is no skin. */
function look(pixels: Uint8Array, size: number) {
  const grey = new Float32Array(size * size);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * pixels[3 * i]! + 0.587 * pixels[3 * i + 1]! + 0.114 * pixels[3 * i + 2]!;
  }
  let sum = 0, squares = 0, n = 0;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const i = y * size + x;
      const edge = grey[i - 1]! + grey[i + 1]! + grey[i - size]! + grey[i + size]! - 4 * grey[i]!;
      sum += edge;
      squares += edge * edge;
      n++;
    }
  }
  const level = grey.reduce((total, value) => total + value, 0) / grey.length;
  return { level, detail: squares / n - (sum / n) ** 2, angle: measureSkin(pixels, size) };
}

/** The median typology angle of the skin-coloured pixels between brow and cheeks, where masks leave it bare. */
function measureSkin(pixels: Uint8Array, size: number): number {
  const angles: number[] = [];
  for (let y = Math.round(0.2 * size); y < 0.5 * size; y++) {
    for (let x = Math.round(0.25 * size); x < 0.75 * size; x++) {
      const [red, green, blue] = pixels.subarray(3 * (y * size + x), 3 * (y * size + x) + 3);
      if (isSkin(red!, green!, blue!)) angles.push(typologyAngle(red!, green!, blue!));
    }
  }
  return angles.length < 50 ? NaN : angles.sort((a, b) => a - b)[angles.length >> 1]!;
}

/** The chroma range of Chai and Ngan, 1999, IEEE Transactions on Circuits and Systems for Video Technology 9. */
function isSkin(red: number, green: number, blue: number): boolean {
  const cb = 128 - 0.169 * red - 0.331 * green + 0.5 * blue;
  const cr = 128 + 0.5 * red - 0.419 * green - 0.081 * blue;
  return cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173;
}

/** arctan((L* - 50) / b*) in degrees, from sRGB under D65. */
function typologyAngle(...rgb: [red: number, green: number, blue: number]): number {
  const [red, green, blue] = rgb.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883;
  const root = (t: number) => t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
  const lightness = 116 * root(y) - 16;
  return Math.atan2(lightness - 50, 200 * (root(y) - root(z))) * 180 / Math.PI;
}
