/** Finds near-duplicates: pairs of photos that show the same picture with different pixels. */
import { compareDetail, type Thumbnail, turn } from "./align.ts";
import { hashView } from "./hash_image.ts";
import type { OnProgress, Sample } from "../types.ts";

/** Two near-duplicates, by their indices in the set. */
export interface NearPair {
  first: number;
  second: number;
  /** The number of bits, 0 to 63, in which their hashes differ, at the best rotation. */
  distance: number;
  /** Whether one is the other's mirror image. */
  mirrored: boolean;
  /** Correlation of their details after alignment, at most 1. */
  likeness: number;
}

/** The criteria of near-duplicates; see `DuplicateOptions`. */
interface NearOptions {
  maxDistance: number;
  minLikeness: number;
  onProgress: OnProgress;
}

/** The rotations, in degrees, at which photos are compared. */
const TURNS = [0, -6, 6, -12, 12, -18, 18, -24, 24];

/**
 * Finds pairs of near-duplicates that are not linked yet by earlier pairs.
 *
 * @param indices The samples to compare, without duplicates of equal pixels.
 */
export function findNear(
  indices: number[],
  samples: readonly Sample[],
  thumbnails: Thumbnail[],
  hashes: Int32Array,
  { maxDistance, minLikeness, onProgress }: NearOptions,
): NearPair[] {
  const near: NearPair[] = [];
  const pictures = new Partition(samples.length);
  for (const [nth, first] of indices.entries()) {
    const turned = Int32Array.from(TURNS.flatMap((by) => hashView(thumbnails[first]!, turn(by))));
    for (let other = nth + 1; other < indices.length; other++) {
      const second = indices[other]!;
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
    onProgress({ stage: "Finding near-duplicates", done: nth + 1, total: indices.length });
  }
  return near;
}

/** Counts the bits set in a 32-bit word. Source: H. S. Warren, "Hacker's Delight", 2nd edition, section 5-1. */
function countBits(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Groups items that belong together: a disjoint-set forest. */
export class Partition {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** Finds the representative of the group of `i`. */
  find(i: number): number {
    while (this.#parents[i] !== i) i = this.#parents[i] = this.#parents[this.#parents[i]!]!;
    return i;
  }

  join(i: number, j: number): void {
    this.#parents[this.find(j)] = this.find(i);
  }
}
