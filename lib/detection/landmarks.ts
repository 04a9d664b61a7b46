/** Finds the eyes, nose, mouth and jaw of the face in a photo. */
import { fileURLToPath } from "node:url";
import { findPackage } from "../engine/package_files.ts";
import { findFaces, loadDetector } from "./detector.ts";
import { tf } from "../engine/tensorflow.ts";
import { resizePhoto } from "../images/decode_image.ts";
import { type Box, FACE_MARGIN, type ImageSet } from "../types.ts";
import { viewPixels } from "../photo.ts";

/** A place in a photo, in pixels from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** Places in what {@linkcode findLandmarks} gives; the jaw ends at the ears. */
export const LEFT_JAW = 0, RIGHT_JAW = 16, NOSE_TIP = 30;

/** How many of the smallest faces that are sought a crop is long: its face is no small one. */
const CROP_FACES = 13;
/** The package of the network that finds landmarks. */
const FACE_API = "@vladmandic/face-api";
/** The width of a jaw, as a share of the face's box: less is no face, or one in full profile. */
const LEAST_JAW = 0.45;

/**
 * Finds 68 places of the surest face, by the networks of `@vladmandic/face-api`.
 *
 * @param pixels `[size, size, 3]` uint8 RGB
 * @returns in the order of iBUG 300-W (Sagonas et al., 2013): jaw 0..16, brows 17..26, nose 27..35, eyes
 * 36..47, mouth 48..67; undefined where no face is found
 */
export async function findLandmarks(
  pixels: Uint8Array,
  size: number,
  { face: known }: {
    /** Where the face is, in pixels. @default where the detector finds it */
    face?: Box;
  } = {},
): Promise<Point[] | undefined> {
  const { detector, landmarks } = await loadNetworks();
  const photo = { width: size, height: size, pixels };
  const box = known ??
    (await findFaces(detector, photo, { facesFrom: Math.max(2, size / CROP_FACES) }))[0];
  if (!box) return undefined;
  const shape = { width: Math.round(box.width), height: Math.round(box.height) };
  const face = tf.tensor3d(
    await resizePhoto(photo, shape, { box }),
    [shape.height, shape.width, 3],
    "int32",
  );
  try {
    // Of one face there is one answer; the package's types are of a TensorFlow.js of its own.
    const [found] = [await landmarks.detectLandmarks(face as never)].flat();
    const points = found!.positions;
    const jaw = points[RIGHT_JAW]!.x - points[LEFT_JAW]!.x;
    // Where the network sees no face, all its places crowd in the middle.
    return jaw < LEAST_JAW * box.width
      ? undefined
      : points.map(({ x, y }) => [box.left + x, box.top + y]);
  } finally {
    face.dispose();
  }
}

/**
 * Finds the landmarks in one photo of a set. A face that has a labelled box is where `loadImages` put it,
 * had its margin not been cut off at the photo's edge; others are looked for.
 *
 * @param place Of the photo in the set.
 * @returns as {@linkcode findLandmarks} does
 */
export async function findLandmarksIn(
  images: ImageSet,
  place: number,
  { margin = FACE_MARGIN }: {
    /** With which the set was loaded. @default FACE_MARGIN */
    margin?: number;
  } = {},
): Promise<Point[] | undefined> {
  const { size, samples } = images;
  const side = size / (1 + 2 * margin);
  const inset = side * margin;
  const face = samples[place]!.box && { left: inset, top: inset, width: side, height: side };
  return await findLandmarks(viewPixels(images, place), size, { face });
}

/**
 * How far a face is turned to a side: where its nose is, from the middle of the jaw.
 *
 * @param landmarks 68 places, as {@linkcode findLandmarks} gives them
 * @returns a share of the jaw's width, 0 for a face from the front, positive where the nose is to the right
 */
export function measureTurn(landmarks: readonly Point[]): number {
  const [left, right, nose] = [LEFT_JAW, RIGHT_JAW, NOSE_TIP].map((i) => landmarks[i]!) as [
    Point,
    Point,
    Point,
  ];
  const [across, down] = [right[0] - left[0], right[1] - left[1]];
  const along = (nose[0] - left[0]) * across + (nose[1] - left[1]) * down;
  return along / (across ** 2 + down ** 2) - 0.5;
}

let networks: ReturnType<typeof readNetworks> | undefined;

/** Once, and only where they are needed: a second. */
function loadNetworks() {
  return networks ??= readNetworks();
}

async function readNetworks() {
  // Not before the engine, which prepares what both of them load.
  const { nets: { faceLandmark68Net: landmarks } } = await import(
    "npm:@vladmandic/face-api@1.7.15"
  );
  await landmarks.loadFromDisk(fileURLToPath(new URL("model", findPackage(FACE_API))));
  return { detector: await loadDetector(), landmarks };
}
