import { assertAlmostEquals, assertThrows } from "@std/assert";
import { fitAffine } from "../../lib/detection/affine.ts";
import type { Point } from "../../lib/detection/landmarks.ts";

const SQUARE: Point[] = [[0, 0], [10, 0], [10, 10], [0, 10]];
const pair = (from: Point, to: Point) => ({ from, to });

Deno.test("fitAffine() finds the map of moved points", () => {
  const wanted = [1.2, -0.3, 40, 0.5, 0.8, -7] as const;
  const [a, b, c, d, e, f] = wanted;
  const map = fitAffine(
    SQUARE.map(([x, y]) => pair([x, y], [a * x + b * y + c, d * x + e * y + f])),
  );
  map.flat().forEach((value, i) => assertAlmostEquals(value, wanted[i]!, 1e-9));
});

Deno.test("fitAffine() spreads the remaining error evenly over the points", () => {
  // One corner of four is off by 4: the best map is off by 1 at each.
  const map = fitAffine(SQUARE.map((at, i) => pair(at, i === 2 ? [14, 10] : at)));
  SQUARE.forEach(([x, y], i) => {
    const error = map[0][0] * x + map[0][1] * y + map[0][2] - (i === 2 ? 14 : x);
    assertAlmostEquals(error, i % 2 === 0 ? -1 : 1, 1e-9);
  });
});

Deno.test("fitAffine() refuses points on a line, on either side", () => {
  const line = SQUARE.map(([x], i): Point => [x + i, 2 * (x + i)]);
  const point = SQUARE.map((): Point => [3, 4]);
  for (const [from, to] of [[SQUARE, line], [line, SQUARE], [SQUARE, point], [point, SQUARE]]) {
    assertThrows(
      () => fitAffine(from!.map((at, i) => pair(at, to![i]!))),
      RangeError,
      "on one line",
    );
  }
});
