import { assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { seededRandom, shuffle } from "../lib/random.ts";

// Another implementation, in Python's unbounded integers:
// python3 -c "
// M = 2**32 - 1
// def numbers(seed, n):
//     for i in range(1, n + 1):
//         s = (seed + i * 0x6d2b79f5) & M
//         h = (s ^ s >> 15) * (s | 1) & M
//         h ^= h + (h ^ h >> 7) * (h | 61) & M
//         yield (h ^ h >> 14) / 2**32
// for seed in (42, 0, -1, 2**32 + 42): print(seed, list(numbers(seed, 3)))"
const REFERENCES: [seed: number, numbers: number[]][] = [
  [42, [0.6011037519201636, 0.44829055899754167, 0.8524657934904099]],
  [0, [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]],
  [-1, [0.8964226141106337, 0.189478256739676, 0.7156526781618595]],
  [2 ** 32 + 42, [0.6011037519201636, 0.44829055899754167, 0.8524657934904099]],
];

Deno.test("seededRandom() gives the numbers of mulberry32", () => {
  for (const [seed, numbers] of REFERENCES) {
    const random = seededRandom(seed);
    assertEquals(numbers.map(() => random()), numbers, `seed ${seed}`);
  }
});

Deno.test("seededRandom() is uniform in 0 <= x < 1", () => {
  const random = seededRandom(7);
  const bins = new Array<number>(20).fill(0);
  const perBin = 5_000;
  for (let i = 0; i < bins.length * perBin; i++) {
    const bin = Math.floor(random() * bins.length);
    bins[bin] = (bins[bin] ?? NaN) + 1;
  }
  const chiSquared = bins.reduce((sum, n) => sum + (n - perBin) ** 2 / perBin, 0);
  assertLess(chiSquared, 43.82); // 19 degrees of freedom, p = 0.001
});

Deno.test("seededRandom() refuses a seed that is not a safe integer", () => {
  for (const seed of [NaN, Infinity, 0.5, 2 ** 53]) {
    assertThrows(() => seededRandom(seed), RangeError, `got ${seed}`);
  }
});

Deno.test("shuffle() returns a permutation and leaves its input alone", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = shuffle(items, seededRandom(1));
  assertEquals(items, Array.from({ length: 100 }, (_, i) => i));
  assertNotEquals(shuffled, items);
  assertEquals(shuffled.toSorted((a, b) => a - b), items);
  assertEquals(shuffle(items, seededRandom(1)), shuffled);
  assertEquals(shuffle([], seededRandom(1)), []);
});

Deno.test("shuffle() makes every order as likely", () => {
  const random = seededRandom(3);
  const counts = new Map<string, number>();
  const perOrder = 2_000;
  for (let i = 0; i < 24 * perOrder; i++) {
    const order = shuffle(["a", "b", "c", "d"], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 24);
  const chiSquared = [...counts.values()].reduce((s, n) => s + (n - perOrder) ** 2 / perOrder, 0);
  assertLess(chiSquared, 49.73); // 23 degrees of freedom, p = 0.001
});
