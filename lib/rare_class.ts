/** More of what there is too little of: masks worn incorrectly, one face in forty. */
import { drawMaskOn, type Wear } from "./drawn_masks.ts";
import { findLandmarks } from "./landmarks.ts";
import { seededRandom, shuffle } from "./random.ts";
import type { ClassName, ImageSet, OnProgress } from "./types.ts";

/** Of the landmarks. */
const CHIN = 8;

/** What is added to a training part. */
export interface RareClassOptions {
  /** A class with under this share of the training part is shown more often. @default 0.05 */
  share?: number;
  /** But each photo at most so many times an epoch. @default 6 */
  repeats?: number;
  /** Bare faces of the training part that a mask is drawn on: how many for each class. */
  drawn?: Partial<Record<Wear, number>>;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** Drawn by default. The right ones keep a drawn mask from being a sign of a wrong one. */
const DRAWN = { mask_weared_incorrect: 500, with_mask: 250 } as const;

/**
 * Shows rare classes more often, and adds bare faces of the training part with a mask drawn on them: below
 * the nose, below the mouth, and some where it belongs. Faces without a place for one are passed over.
 *
 * @param images Is left as it is.
 * @param train Places in it of the training part.
 * @returns a set with the drawn ones at its end, and the training part's places in it, with repeats
 */
export async function enrichTraining(
  images: ImageSet,
  train: readonly number[],
  { share = 0.05, repeats = 6, drawn = DRAWN, seed = 42, onProgress }: RareClassOptions = {},
): Promise<{ images: ImageSet; train: number[] }> {
  const length = images.size ** 2 * 3;
  const random = seededRandom(seed);
  const bare = train.filter((place) => images.samples[place]!.className === "without_mask");
  const faces = shuffle(bare, random).values();
  const total = Object.values(drawn).reduce((sum, count) => sum + count, 0);
  const photos: { place: number; className: ClassName; pixels: Uint8Array }[] = [];
  for (const [wear, count] of Object.entries(drawn) as [Wear, number][]) {
    for (let done = 0; done < count;) {
      const { value: place } = faces.next();
      if (place === undefined) break; // each face once
      const pixels = images.pixels.slice(place * length, (place + 1) * length);
      const landmarks = await findLandmarks(pixels, images.size);
      // Where the chin is cut off, a mask below the mouth would not be seen.
      if (!landmarks || landmarks[CHIN]![1] >= images.size) continue;
      const masked = await drawMaskOn(pixels, images.size, landmarks, wear, random);
      photos.push({ place, className: wear, pixels: masked });
      done++;
      onProgress?.({ stage: "drawing masks on bare faces", done: photos.length, total });
    }
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
