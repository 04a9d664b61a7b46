/** Bare faces of a set with a mask put on them, or what is none. */
import { borrowMask } from "./borrowed_masks.ts";
import {
  drawConfuserOn,
  drawMaskOn,
  type FacePhoto,
  type Wear,
} from "../evaluation/drawn_masks.ts";
import { resizePhoto } from "../images/decode_image.ts";
import { CHIN, findLandmarksIn, measureTurn } from "../detection/landmarks.ts";
import { makeDice } from "../data/sample_faces/chance.ts";
import { type ClassName, FACE_MARGIN, type ImageSet, type Random } from "../types.ts";
import { viewPixels } from "../photo.ts";

/** They are turned to a side no more or less than the bare one, by this share of the jaw's width. */
const TURN_APART = 0.12;
/** What is smaller, in pixels of its box, has no mask to lend and no place for one. */
const LEAST_FACE = 16;
/** A mask needs this share of the bare face's pixels, or it looks like one from another photo. */
const DETAIL = 0.8;
/** Faces with more pixels than this have detail enough. */
const ENOUGH_DETAIL = 64;

type Tell = (done: number, total: number) => void;

/** A face of a set, and its landmarks. */
export interface FoundFace extends FacePhoto {
  place: number;
}

/** The first of these whose landmarks are found, chin and all: else a mask below the mouth is not seen. */
export async function findWholeFaces(
  images: ImageSet,
  places: readonly number[],
  most: number,
  tell: Tell,
): Promise<FoundFace[]> {
  const faces: FoundFace[] = [];
  for (const place of places) {
    if (faces.length === most) break;
    const landmarks = await findLandmarksIn(images, place);
    if (!landmarks || landmarks[CHIN]![1] >= images.size) continue;
    faces.push({ place, landmarks, pixels: viewPixels(images, place) });
    tell(faces.length, Math.min(most, places.length));
  }
  return faces;
}

/** A photo to be added, and whose it is but for the class. */
export interface AddedPhoto {
  place: number;
  className: ClassName;
  pixels: Uint8Array;
}

/** Each face is drawn on once, as long as there are any. */
export async function drawAll(
  images: ImageSet,
  faces: readonly FoundFace[],
  classes: readonly ClassName[],
  random: Random,
  tell: Tell,
): Promise<AddedPhoto[]> {
  const photos: AddedPhoto[] = [];
  for (const [i, className] of classes.slice(0, faces.length).entries()) {
    const { place, landmarks, pixels } = faces[i]!;
    const drawing = className === "without_mask"
      ? await drawConfuserOn(pixels, images.size, landmarks, random)
      : await drawMaskOn(pixels, images.size, landmarks, className, random);
    photos.push({ place, className, pixels: await soften(images, place, drawing) });
    tell(i + 1, Math.min(classes.length, faces.length));
  }
  return photos;
}

/** The faces in turn, again and again, each with the mask of another that looks the same way. */
export async function borrowAll(
  images: ImageSet,
  faces: readonly FoundFace[],
  lenders: readonly FoundFace[],
  classes: readonly Wear[],
  random: Random,
  tell: Tell,
): Promise<AddedPhoto[]> {
  const large = faces.filter(({ place }) => isLarge(images, place));
  const photos: AddedPhoto[] = [];
  for (const [i, className] of large.length === 0 ? [] : classes.entries()) {
    const face = large[i % large.length]!;
    const turn = measureTurn(face.landmarks);
    const detail = DETAIL * Math.min(ENOUGH_DETAIL, measureDetail(images, face.place));
    const alike = lenders.filter(({ place, landmarks }) =>
      Math.abs(measureTurn(landmarks) - turn) < TURN_APART && measureDetail(images, place) >= detail
    );
    if (alike.length === 0) continue;
    const pixels = await borrowMask(
      face,
      makeDice(random).pick(alike),
      images.size,
      className,
      random,
    );
    photos.push({
      place: face.place,
      className,
      pixels: await soften(images, face.place, pixels),
    });
    tell(i + 1, classes.length);
  }
  return photos;
}

/** Whether a face has pixels enough to lend a mask, or to have a place for one. */
export function isLarge(images: ImageSet, place: number): boolean {
  return measureDetail(images, place) >= LEAST_FACE;
}

/** The shorter side in pixels of what a face was made from, as far as the photo can show it. */
function measureDetail({ size, samples }: ImageSet, place: number): number {
  const { box } = samples[place]!;
  return box ? Math.min(box.width, box.height, size) : size;
}

/** Takes from a face the detail that its small original did not have, and so could not give a mask. */
async function soften({ size, samples }: ImageSet, place: number, pixels: Uint8Array) {
  const { box } = samples[place]!;
  if (!box) return pixels;
  const [across, down] = [box.width, box.height].map((side) =>
    Math.min(size, Math.round(side * (1 + 2 * FACE_MARGIN)))
  ) as [number, number];
  const whole = { width: size, height: size, pixels };
  const small = { width: across, height: down };
  return await resizePhoto({ ...small, pixels: await resizePhoto(whole, small) }, whole);
}
