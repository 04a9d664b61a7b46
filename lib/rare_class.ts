/** More of what there is too little of: masks worn incorrectly, one face in forty. */
import { drawConfuserOn, drawMaskOn } from "./drawn_masks.ts";
import { resizePhoto } from "./image.ts";
import { CHIN, findLandmarksIn } from "./landmarks.ts";
import { seededRandom, shuffle } from "./random.ts";
import {
  type Box,
  type ClassName,
  FACE_MARGIN,
  type ImageSet,
  type OnProgress,
  viewPixels,
} from "./types.ts";

/** What is added to a training part. */
export interface RareClassOptions {
  /** A class with under this share of the training part is shown more often. @default 0.05 */
  share?: number;
  /** But each photo at most so many times an epoch; a positive integer. @default 6 */
  repeats?: number;
  /**
   * Bare faces of the training part that are drawn on: at most how many for each class.
   *
   * @default 600 masks worn incorrectly, 300 worn right, 300 hands, things and beards that are no mask
   */
  drawn?: Partial<Record<ClassName, number>>;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** The others keep a drawing from being a sign of the rare class, and a hand from being one of a mask. */
const DRAWN = { mask_weared_incorrect: 600, with_mask: 300, without_mask: 300 } as const;

/**
 * Shows rare classes more often, and adds bare faces of the training part with a mask drawn on them (below
 * the nose, below the mouth, and some where it belongs), or a hand, a thing, a beard. Faces without a place
 * for one are passed over.
 *
 * @param images As `loadImages` gives them with its default margin; is left as it is.
 * @param train Places in it of the training part.
 * @returns a set with the drawn ones at its end, and the training part's places in it, with repeats
 * @throws {RangeError} if `share` is not in 0..1, `repeats` no positive integer, or a count of `drawn` no
 * whole number
 * @example
 * ```ts
 * import { enrichTraining } from "./rare_class.ts";
 *
 * const images = {
 *   size: 32,
 *   pixels: new Uint8Array(32 * 32 * 3),
 *   samples: [{ file: "1.jpg", className: "mask_weared_incorrect" as const }],
 *   unreadable: [],
 * };
 * const { train } = await enrichTraining(images, [0], { share: 1 });
 * console.log(train); // [0]: no bare face to draw a mask on
 * ```
 */
export async function enrichTraining(
  images: ImageSet,
  train: readonly number[],
  { share = 0.05, repeats = 6, drawn = DRAWN, seed = 42, onProgress }: RareClassOptions = {},
): Promise<{ images: ImageSet; train: number[] }> {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be in 0..1, got ${share}`);
  if (!Number.isInteger(repeats) || repeats < 1) {
    throw new RangeError(`repeats must be a positive integer, got ${repeats}`);
  }
  const classes = Object.entries(drawn).flatMap(([className, count]) => {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`drawn.${className} must be a whole number, got ${count}`);
    }
    return new Array<ClassName>(count).fill(className as ClassName);
  });
  const length = images.size ** 2 * 3;
  const random = seededRandom(seed);
  const bare = train.filter((place) => images.samples[place]!.className === "without_mask");
  // In random order: where the faces do not suffice, each class gets its share of them.
  const waiting = shuffle(classes, random);
  const photos: { place: number; className: ClassName; pixels: Uint8Array }[] = [];
  const isBoxed = (place: number) => Number(images.samples[place]!.box !== undefined);
  // Faces with a box first: of their kind are the rare ones.
  for (const place of shuffle(bare, random).sort((a, b) => isBoxed(b) - isBoxed(a))) {
    const className = waiting[photos.length];
    if (!className) break;
    const pixels = viewPixels(images, place);
    const { box } = images.samples[place]!;
    const landmarks = await findLandmarksIn(images, place);
    // Where the chin is cut off, a mask below the mouth would not be seen.
    if (!landmarks || landmarks[CHIN]![1] >= images.size) continue;
    const drawing = className === "without_mask"
      ? await drawConfuserOn(pixels, images.size, landmarks, random)
      : await drawMaskOn(pixels, images.size, landmarks, className, random);
    const softened = box ? await soften(drawing, images.size, box) : drawing;
    photos.push({ place, className, pixels: softened });
    const stage = "drawing on bare faces";
    onProgress?.({ stage, done: photos.length, total: classes.length });
  }
  const pixels = new Uint8Array(images.pixels.length + photos.length * length);
  pixels.set(images.pixels);
  photos.forEach((photo, i) => pixels.set(photo.pixels, images.pixels.length + i * length));
  const added = photos.map(({ place, className }) => ({ ...images.samples[place]!, className }));
  return {
    images: { ...images, pixels, samples: [...images.samples, ...added] },
    train: [
      ...repeatRare(images, train, { share, repeats }),
      ...photos.map((_, i) => images.samples.length + i),
    ],
  };
}

/** Takes from a photo the detail that its small original did not have, and so could not give a mask. */
async function soften(pixels: Uint8Array, size: number, { width, height }: Box) {
  const [across, down] = [width, height].map((side) =>
    Math.min(size, Math.round(side * (1 + 2 * FACE_MARGIN)))
  ) as [number, number];
  const whole = { width: size, height: size, pixels };
  const small = { width: across, height: down };
  return await resizePhoto({ ...small, pixels: await resizePhoto(whole, small) }, whole);
}

function repeatRare(
  images: ImageSet,
  train: readonly number[],
  { share, repeats }: { share: number; repeats: number },
): number[] {
  const classes = Map.groupBy(train, (place) => images.samples[place]!.className);
  return [...classes.values()].flatMap((places) => {
    const times = Math.min(repeats, Math.ceil(share * train.length / places.length));
    return Array.from({ length: Math.max(1, times) }, () => places).flat();
  });
}
