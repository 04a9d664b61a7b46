/** Photos that show one picture more than once: equal, edited, turned or mirrored copies. */
import { makeThumbnail, turn } from "./align.ts";
import { checkPixels, hashView } from "./hash_image.ts";
import { findNear, type NearPair, Partition } from "./near_duplicates.ts";
import type { ImageSet, OnProgress } from "../types.ts";

/** What `groupDuplicates` found. */
export interface Duplicates {
  /** A group number, from 0, per sample: the same for all that must stay together. */
  groups: number[];
  /** Each sample whose pixels equal those of an earlier one, after the first of these. */
  exact: [first: number, copy: number][];
  /** A link for each further copy of a picture, so `exact` and `near` together count the copies. */
  near: NearPair[];
  /** The samples linked by `exact` or `near` whose labels differ. */
  contradictions: [first: number, second: number][];
  /** How many samples the largest group has. */
  largestGroup: number;
}

/** Options of `groupDuplicates`. */
export interface DuplicateOptions {
  /** Pairs whose hashes differ in more bits are not looked at closer; 0 to 63. @default 12 */
  maxDistance?: number;
  /** Correlation of details from which two photos show one picture; 0 to 1. @default 0.85 */
  minLikeness?: number;
  /** Called as photos have been compared with all others. */
  onProgress?: OnProgress;
}

/**
 * Groups the samples that must stay on one side of a split: those that show one picture, and faces of
 * one photo.
 *
 * Photos of equal pixels show one picture. Others do if their hashes differ in at most `maxDistance`
 * bits, mirrored or not and turned by up to 24 degrees, and if their details then correlate by
 * `minLikeness` (see `compareDetail`); the hashes alone would not do: at 8 bits they link 530 of the
 * photos below into one group, as masked faces look alike from afar.
 *
 * The threshold was chosen by looking at pairs, unequal in pixels, of two archives: 3,448 photos of
 * Kaggle's class folders, and 2,619 faces of its VOC set cropped with a margin of 15%.
 *
 * | likeness    | photos: pairs | judged right | wrong | faces: pairs | judged right | wrong |
 * | ----------- | ------------- | ------------ | ----- | ------------ | ------------ | ----- |
 * | 0.90 to 1   | 460           | 138          | 0     | 225          | 98           | 0     |
 * | 0.85 to 0.9 | 21            | 19           | 2     | 18           | 18           | 0     |
 * | 0.80 to 0.85| 30            | 9            | 21    | 10           | 9            | 1     |
 * | 0.70 to 0.80| 100           | 14 of 84     | 70    | 38           | 25           | 13    |
 *
 * At 0.85 the photos hold 85 copies of equal pixels and 286 others, 63 of them mirrored: 575 photos in
 * 204 groups of two or more, the largest of 10; no two that are linked differ in their labels. Of a
 * random test part, 14% have a copy among the training photos (10 to 17% over 50 seeds), 3.4% one of
 * equal bytes.
 *
 * Takes 3.3 s of one core for those photos, and 10 s for 7,553.
 *
 * @throws {RangeError} If `images.size` is under 32, its pixels are not as many as its samples need,
 * or an option is out of its range.
 * @example
 * ```ts
 * import { groupDuplicates } from "./duplicates.ts";
 *
 * const photo = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => i % 97);
 * const { groups, exact } = groupDuplicates({
 *   size: 32,
 *   pixels: new Uint8Array([...photo, ...photo]),
 *   samples: [
 *     { file: "1.jpg", className: "with_mask" },
 *     { file: "2.jpg", className: "with_mask" },
 *   ],
 *   unreadable: [],
 * });
 * console.log(groups, exact); // [0, 0] [[0, 1]]
 * ```
 */
export function groupDuplicates(images: ImageSet, options: DuplicateOptions = {}): Duplicates {
  const { size, pixels, samples } = images;
  const { maxDistance = 12, minLikeness = 0.85, onProgress = () => {} } = options;
  checkPixels("groupDuplicates", pixels, size, samples.length);
  checkRange("maxDistance", maxDistance, 63);
  checkRange("minLikeness", minLikeness, 1);

  const bytes = size * size * 3;
  const photos = samples.map((_, i) => pixels.subarray(i * bytes, (i + 1) * bytes));
  const thumbnails = photos.map((photo) => makeThumbnail(photo, size));
  const hashes = Int32Array.from(thumbnails.flatMap((thumbnail) => hashView(thumbnail, turn(0))));

  const exact = findEqual(photos, hashes);
  const copies = new Set(exact.map(([, copy]) => copy));
  const originals = [...samples.keys()].filter((i) => !copies.has(i));
  const near = findNear(originals, samples, thumbnails, hashes, {
    maxDistance,
    minLikeness,
    onProgress,
  });

  const links = [...exact];
  for (const { first, second } of near) links.push([first, second]);
  const contradictions = links.filter(([i, j]) => samples[i]!.className !== samples[j]!.className);
  const firstOfFile = new Map<string, number>();
  for (const [i, { file }] of samples.entries()) {
    links.push([firstOfFile.get(file) ?? i, i]);
    if (!firstOfFile.has(file)) firstOfFile.set(file, i);
  }
  const together = new Partition(samples.length);
  for (const [i, j] of links) together.join(i, j);
  const groups = new Array<number>(samples.length);
  let number = 0, largestGroup = 0;
  for (const members of Map.groupBy(samples.keys(), (i) => together.find(i)).values()) {
    for (const i of members) groups[i] = number;
    largestGroup = Math.max(largestGroup, members.length);
    number++;
  }
  return { groups, exact, near, contradictions, largestGroup };
}

/** Each photo that equals an earlier one, after the first of these. */
function findEqual(photos: Uint8Array[], hashes: Int32Array): Duplicates["exact"] {
  const exact: Duplicates["exact"] = [];
  const alike = Map.groupBy(photos.keys(), (i) => `${hashes[2 * i]},${hashes[2 * i + 1]}`);
  for (const places of alike.values()) {
    const firsts: number[] = [];
    for (const i of places) {
      const photo = photos[i]!;
      const first = firsts.find((first) =>
        photos[first]!.every((level, at) => level === photo[at])
      );
      if (first === undefined) firsts.push(i);
      else exact.push([first, i]);
    }
  }
  return exact;
}

function checkRange(option: string, given: number, most: number): void {
  if (!(given >= 0 && given <= most)) {
    throw new RangeError(`groupDuplicates() needs ${option} of 0 to ${most}, got ${given}`);
  }
}
