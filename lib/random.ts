/** Generates random numbers from a seed: the same seed gives the same numbers on every machine. */
import type { Random } from "./types.ts";

/**
 * Creates a generator of uniform numbers in 0 <= x < 1 with 32 random bits each: mulberry32, period
 * 2^32. Do not use it for cryptography.
 *
 * Source: Tommy Ettinger, 2017, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 *
 * @param seed A safe integer. Seeds that are equal modulo 2^32 give the same numbers.
 * @throws {RangeError} if `seed` is not a safe integer
 * @example
 * ```ts
 * import { seededRandom, shuffle } from "./random.ts";
 *
 * const random = seededRandom(42);
 * console.log(random(), random());
 * console.log(shuffle(["a", "b", "c"], random));
 * ```
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`seed must be a safe integer, got ${seed}`);
  }
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), state | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns the items in random order. All orders are equally likely; `items` is left unchanged.
 *
 * Source: the Fisher-Yates shuffle, Knuth, The Art of Computer Programming, volume 2, algorithm P.
 *
 * @example
 * ```ts
 * import { seededRandom, shuffle } from "./random.ts";
 *
 * console.log(shuffle(["a", "b", "c", "d"], seededRandom(1)));
 * ```
 */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}
