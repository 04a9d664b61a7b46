/** Photos that show one picture more than once: equal, edited, turned or mirrored copies. */
import {
  type Affine,
  compareDetail,
  DISC,
  makeThumbnail,
  SIDE,
  type Thumbnail,
  turn,
  viewDisc,
} from "./align.ts";
import type { ImageSet, OnProgress, Sample } from "../types.ts";

/** Two samples, by their places in the set, that show the same picture. */
export interface NearPair {
  first: number;
  second: number;
  /** Bits, 0 to 63, in which their hashes differ, at the turn where they differ least. */
  distance: number;
  /** Whether one is the other's mirror image. */
  mirrored: boolean;
  /** Correlation of their details once one is laid over the other, at most 1. */
  likeness: number;
}

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

/** The turns, in degrees, at which photos are compared. */
const TURNS = [0, -6, 6, -12, 12, -18, 18, -24, 24];
/** The hash has as many frequencies each way, from 0. */
const FREQUENCIES = 8;
/** `[frequency][pixel]` of the discrete cosine transform of a row of `SIDE` pixels. */
const COSINES = Array.from(
  { length: FREQUENCIES },
  (_, frequency) =>
    Float64Array.from(
      { length: SIDE },
      (_, pixel) => Math.cos(Math.PI * frequency * (pixel + 0.5) / SIDE),
    ),
);

/**
 * Hashes a photo so that copies of it, whatever their size, sharpness, brightness and compression,
 * have hashes that differ in few of 63 bits.
 *
 * Source: the DCT hash of C. Zauner, "Implementation and benchmarking of perceptual image hash
 * functions", 2010, https://www.phash.org/docs/pubs/thesis_zauner.pdf, which shrinks a photo to 32 x 32
 * grey levels and takes a bit for each of 8 x 8 low frequencies. Here a bit is a
 * coefficient's sign, not whether it exceeds their median (which is near 0): so the mirror image's
 * hash is the same with the odd horizontal frequencies, the upper 32 bits, inverted. And only the
 * disc within the square counts, so that the black corners of a turned copy do not.
 *
 * @param pixels `[size, size, 3]` RGB uint8, 0 to 255.
 * @param size Pixels along each side, 32 or more.
 * @throws {RangeError} If `size` is under 32 or `pixels` are not as many.
 * @example
 * ```ts
 * import { hashImage } from "./duplicates.ts";
 *
 * const dark = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => i % 97);
 * const bright = dark.map((level) => level + 50);
 * console.log(hashImage(dark, 64) === hashImage(bright, 64)); // true
 * ```
 */
export function hashImage(pixels: Uint8Array, size: number): bigint {
  checkPixels("hashImage", pixels, size, 1);
  const [even, odd] = hashView(makeThumbnail(pixels, size), turn(0));
  return BigInt(even >>> 0) | BigInt(odd >>> 0) << 32n;
}

/** A hash as two words of 32 bits: of the even horizontal frequencies, and of the odd ones. */
type Hash = [even: number, odd: number];

function hashView(thumbnail: Thumbnail, map: Affine): Hash {
  const { grey } = viewDisc(thumbnail, map);
  const mean = grey.reduce((sum, level) => sum + level, 0) / grey.length;
  const rows = new Float64Array(SIDE * FREQUENCIES);
  for (let i = 0; i < DISC.length; i++) {
    const x = DISC[i]! % SIDE, row = (DISC[i]! - x) / SIDE;
    for (let across = 0; across < FREQUENCIES; across++) {
      rows[row * FREQUENCIES + across]! += (grey[i]! - mean) * COSINES[across]![x]!;
    }
  }
  const hash: Hash = [0, 0];
  for (let bit = 1; bit < FREQUENCIES ** 2; bit++) {
    const across = bit % FREQUENCIES, down = COSINES[Math.floor(bit / FREQUENCIES)]!;
    let coefficient = 0;
    for (let y = 0; y < SIDE; y++) coefficient += rows[y * FREQUENCIES + across]! * down[y]!;
    if (coefficient > 0) hash[across % 2]! |= 1 << (bit >> 1);
  }
  return hash;
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

/** Which pairs of photos, no two of equal pixels, link into one picture what was not linked yet. */
function findNear(
  places: number[],
  samples: readonly Sample[],
  thumbnails: Thumbnail[],
  hashes: Int32Array,
  { maxDistance, minLikeness, onProgress }: Required<DuplicateOptions>,
): NearPair[] {
  const near: NearPair[] = [];
  const pictures = new Partition(samples.length);
  for (const [nth, first] of places.entries()) {
    const turned = Int32Array.from(TURNS.flatMap((by) => hashView(thumbnails[first]!, turn(by))));
    for (let other = nth + 1; other < places.length; other++) {
      const second = places[other]!;
      const even = hashes[2 * second]!, odd = hashes[2 * second + 1]!;
      let distance = maxDistance + 1, degrees = 0, mirrored = false;
      for (let i = 0; i < TURNS.length; i++) {
        const evenBits = countBits(turned[2 * i]! ^ even);
        if (evenBits >= distance) continue;
        // In the mirror image the bits of odd frequencies are inverted.
        const oddBits = countBits(turned[2 * i + 1]! ^ odd);
        if (evenBits + Math.min(oddBits, 32 - oddBits) >= distance) continue;
        mirrored = oddBits > 16;
        distance = evenBits + (mirrored ? 32 - oddBits : oddBits);
        degrees = TURNS[i]!;
      }
      if (distance > maxDistance || samples[first]!.file === samples[second]!.file) continue;
      if (pictures.find(first) === pictures.find(second)) continue;
      const start = turn(-degrees, mirrored);
      const likeness = compareDetail(thumbnails[first]!, thumbnails[second]!, start);
      if (likeness < minLikeness) continue;
      pictures.join(first, second);
      near.push({ first, second, distance, mirrored, likeness });
    }
    onProgress({ stage: "looking for twins", done: nth + 1, total: places.length });
  }
  return near;
}

/** The bits set in a word of 32; H. S. Warren, "Hacker's Delight", 2nd edition, section 5-1. */
function countBits(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Which of so many things belong together: a disjoint-set forest. */
class Partition {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The thing that stands for all that belong together with `i`. */
  find(i: number): number {
    while (this.#parents[i] !== i) i = this.#parents[i] = this.#parents[this.#parents[i]!]!;
    return i;
  }

  join(i: number, j: number): void {
    this.#parents[this.find(j)] = this.find(i);
  }
}

function checkPixels(caller: string, pixels: Uint8Array, size: number, count: number): void {
  if (!Number.isInteger(size) || size < SIDE) {
    throw new RangeError(`${caller}() needs photos of ${SIDE} x ${SIDE} or more, got size ${size}`);
  }
  const needed = count * size * size * 3;
  if (pixels.length !== needed) {
    throw new RangeError(`${caller}() needs ${needed} bytes of pixels, got ${pixels.length}`);
  }
}

function checkRange(option: string, given: number, most: number): void {
  if (!(given >= 0 && given <= most)) {
    throw new RangeError(`groupDuplicates() needs ${option} of 0 to ${most}, got ${given}`);
  }
}
