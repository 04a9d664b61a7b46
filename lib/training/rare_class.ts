/** More of what there is too little of: masks worn incorrectly, one face in forty. */
import type { Wear } from "../evaluation/drawn_masks.ts";
import { seededRandom, shuffle } from "../random.ts";
import { borrowAll, drawAll, findWholeFaces, isLarge } from "./added_faces.ts";
import type { ClassName, ImageSet, OnProgress } from "../types.ts";

/** What is added to a training part. */
export interface RareClassOptions {
  /** A class with under this share of the training part is shown more often. @default 0.05 */
  share?: number;
  /** But each photo at most so many times an epoch; a positive integer. @default 6 */
  repeats?: number;
  /**
   * Bare faces of the training part that are drawn on: at most how many for each class.
   *
   * @default 300 masks worn incorrectly, 150 worn right, 300 hands, things and beards that are no mask
   */
  drawn?: Partial<Record<ClassName, number>>;
  /**
   * Masks of the training part's masked faces, put on bare ones: at most how many for each class.
   *
   * @default 500 worn incorrectly, 500 worn right
   */
  borrowed?: Partial<Record<Wear, number>>;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** The others keep a drawing from being a sign of the rare class, and a hand from being one of a mask. */
const DRAWN = { mask_weared_incorrect: 300, with_mask: 150, without_mask: 300 } as const;
const BORROWED = { mask_weared_incorrect: 500, with_mask: 500 } as const;

/** Of so many masked faces masks are borrowed. */
const LENDERS = 500;
/**
 * Shows rare classes more often, and adds bare faces of the training part with a mask (below the nose, below
 * the mouth, and some where it belongs) that is drawn, or borrowed from a masked face of the training part;
 * others with a hand drawn on them, a thing, a beard. Faces without a place for one are passed over.
 *
 * Source of cutting one photo's object out for another: Dwibedi et al., 2017, Cut, Paste and Learn,
 * https://arxiv.org/abs/1708.01642
 *
 * @param images As `loadImages` gives them with its default margin; is left as it is.
 * @param train Places in it of the training part.
 * @returns a set with the added ones at its end, and the training part's places in it, with repeats
 * @throws {RangeError} if `share` is not in 0..1, `repeats` no positive integer, or a count of `drawn` or
 * `borrowed` no whole number
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
 * console.log(train); // [0]: no bare face to put a mask on
 * ```
 */
export async function enrichTraining(
  images: ImageSet,
  train: readonly number[],
  options: RareClassOptions = {},
): Promise<{ images: ImageSet; train: number[] }> {
  const { share = 0.05, repeats = 6, seed = 42, onProgress } = options;
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be in 0..1, got ${share}`);
  if (!Number.isInteger(repeats) || repeats < 1) {
    throw new RangeError(`repeats must be a positive integer, got ${repeats}`);
  }
  const drawn = listClasses("drawn", options.drawn ?? DRAWN);
  const borrowed = listClasses("borrowed", options.borrowed ?? BORROWED);
  const random = seededRandom(seed);
  const isBoxed = (place: number) => Number(images.samples[place]!.box !== undefined);
  const of = (wanted: ClassName) =>
    shuffle(train.filter((place) => images.samples[place]!.className === wanted), random);
  // In random order: where the faces do not suffice, each class gets its share of them.
  const [drawings, loans] = [shuffle(drawn, random), shuffle(borrowed, random)];
  // Faces with a box first: of their kind are the rare ones.
  const bare = of("without_mask").sort((a, b) => isBoxed(b) - isBoxed(a));
  const tell = (stage: string) => (done: number, total: number) =>
    onProgress?.({ stage, done, total });
  const find = (places: number[], most: number, stage: string) =>
    findWholeFaces(images, places, most, tell(stage));
  const faces = await find(bare, Math.max(drawings.length, loans.length), "finding bare faces");
  const lenders = loans.length === 0 ? [] : await find(
    of("with_mask").filter((place) => isLarge(images, place)),
    LENDERS,
    "finding masks",
  );
  const added = [
    ...await drawAll(images, faces, drawings, random, tell("drawing on bare faces")),
    ...await borrowAll(images, faces, lenders, loans, random, tell("borrowing masks")),
  ];
  const length = images.size ** 2 * 3;
  const pixels = new Uint8Array(images.pixels.length + added.length * length);
  pixels.set(images.pixels);
  added.forEach((photo, i) => pixels.set(photo.pixels, images.pixels.length + i * length));
  const samples = added.map(({ place, className }) => ({ ...images.samples[place]!, className }));
  return {
    images: { ...images, pixels, samples: [...images.samples, ...samples] },
    train: [
      ...repeatRare(images, train, { share, repeats }),
      ...added.map((_, i) => images.samples.length + i),
    ],
  };
}

/** Each class as often as it is wanted. */
function listClasses<Name extends ClassName>(
  option: string,
  counts: Partial<Record<Name, number>>,
): Name[] {
  return Object.entries<number>(counts as Record<string, number>).flatMap(([className, count]) => {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`${option}.${className} must be a whole number, got ${count}`);
    }
    return new Array<Name>(count).fill(className as Name);
  });
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
