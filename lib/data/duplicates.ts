/** Groups photos that show the same picture: duplicates and near-duplicates. */
import { makeThumbnail, turn } from "./align.ts";
import { checkPixels, hashView } from "./hash_image.ts";
import { findNear, type NearPair, Partition } from "./near_duplicates.ts";
import type { ImageSet, OnProgress } from "../types.ts";

/** The result of {@linkcode groupDuplicates}. */
export interface Duplicates {
  /** One group number, from 0, per sample. Samples of one group must stay together. */
  groups: number[];
  /** Pairs of samples with equal pixels: the first one, and each later one. */
  exact: [first: number, duplicate: number][];
  /** One pair per further near-duplicate: `exact` and `near` together count the duplicates. */
  near: NearPair[];
  /** Pairs in `exact` or `near` whose labels differ. */
  contradictions: [first: number, second: number][];
  /** The number of samples in the largest group. */
  largestGroup: number;
}

/** Options of {@linkcode groupDuplicates}. */
export interface DuplicateOptions {
  /** The most bits in which the hashes of near-duplicates differ; 0 to 63. @default 12 */
  maxDistance?: number;
  /** The least correlation of details between near-duplicates; 0 to 1. @default 0.85 */
  minLikeness?: number;
  /** Called as photos are compared with the others. */
  onProgress?: OnProgress;
}

/**
 * Groups the samples that must stay in one part of a split: near-duplicates, and faces of one photo.
 *
 * Photos are near-duplicates if their hashes differ in at most `maxDistance` bits, mirrored or not and rotated by
 * up to 24 degrees, and their details correlate by at least `minLikeness` (see `compareDetail`). Hashes alone are
 * not enough: at 8 bits they link 530 of the photos below into one group, as thumbnails of masked faces are alike.
 *
 * The threshold was chosen by viewing pairs with different pixels from two data sets: 3,448 photos of Kaggle's
 * class folders, and 2,619 faces of its VOC set, cropped with a margin of 15%.
 *
 * | likeness    | photos: pairs | seen right   | wrong | faces: pairs | seen right   | wrong |
 * | ----------- | ------------- | ------------ | ----- | ------------ | ------------ | ----- |
 * | 0.90 to 1   | 460           | 138          | 0     | 225          | 98           | 0     |
 * | 0.85 to 0.9 | 21            | 19           | 2     | 18           | 18           | 0     |
 * | 0.80 to 0.85| 30            | 9            | 21    | 10           | 9            | 1     |
 * | 0.70 to 0.80| 100           | 14 of 84     | 70    | 38           | 25           | 13    |
 *
 * At 0.85 the photos contain 85 duplicates with equal pixels and 286 near-duplicates, 63 of them mirrored: 575
 * photos in 204 groups of two or more. The largest group has 10; no linked labels differ. In a random test part,
 * 14% of the photos have a near-duplicate among the training photos (10 to 17% over 50 seeds), 3.4% with equal
 * bytes.
 *
 * It takes 3.3 s on one core for these photos, and 10 s for 7,553.
 *
 * @throws {RangeError} if `images.size` is less than 32, its pixels do not match its samples, or an option is out
 * of range
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
  checkPixels(pixels, size, samples.length);
  checkRange("maxDistance", maxDistance, 63);
  checkRange("minLikeness", minLikeness, 1);

  const bytes = size * size * 3;
  const photos = samples.map((_, i) => pixels.subarray(i * bytes, (i + 1) * bytes));
  const thumbnails = photos.map((photo) => makeThumbnail(photo, size));
  const hashes = Int32Array.from(thumbnails.flatMap((thumbnail) => hashView(thumbnail, turn(0))));

  const exact = findEqual(photos, hashes);
  const later = new Set(exact.map(([, duplicate]) => duplicate));
  const originals = [...samples.keys()].filter((i) => !later.has(i));
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

/** Pairs each photo that equals an earlier one with the first of these. */
function findEqual(photos: Uint8Array[], hashes: Int32Array): Duplicates["exact"] {
  const exact: Duplicates["exact"] = [];
  const alike = Map.groupBy(photos.keys(), (i) => `${hashes[2 * i]},${hashes[2 * i + 1]}`);
  for (const indices of alike.values()) {
    const firsts: number[] = [];
    for (const i of indices) {
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
    throw new RangeError(`${option} must be in 0..${most}, got ${given}`);
  }
}
