/** Pairs of photos that show one picture, though their pixels differ. */
import { compareDetail, type Thumbnail, turn } from "./align.ts";
import { hashView } from "./hash_image.ts";
import type { OnProgress, Sample } from "../types.ts";

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

/** Which pairs are near-duplicates; see `DuplicateOptions`. */
interface NearOptions {
  maxDistance: number;
  minLikeness: number;
  onProgress: OnProgress;
}

/** The turns, in degrees, at which photos are compared. */
const TURNS = [0, -6, 6, -12, 12, -18, 18, -24, 24];

/** Which pairs of photos, no two of equal pixels, link into one picture what was not linked yet. */
export function findNear(
  places: number[],
  samples: readonly Sample[],
  thumbnails: Thumbnail[],
  hashes: Int32Array,
  { maxDistance, minLikeness, onProgress }: NearOptions,
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
    onProgress({ stage: "Finding near-duplicates", done: nth + 1, total: places.length });
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
export class Partition {
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
