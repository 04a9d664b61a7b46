/** The affine map that takes some places to others. */
import type { Point } from "./landmarks.ts";

type Row = [x: number, y: number, constant: number];

/** x' and y' of a place: each a sum of x, y and 1, so often. */
export type AffineMap = [across: Row, down: Row];

/** What has less width for its height is a line, not a face. */
const FLATTEST = 1e-3;

/**
 * The affine map that fits pairs of places best: least squares.
 *
 * @throws {RangeError} if the places, or those they are taken to, lie on one line
 */
export function fitAffine(pairs: readonly { from: Point; to: Point }[]): AffineMap {
  // Normal equations of [x y 1] a = to, by Cramer's rule.
  const rows = pairs.map(({ from: [x, y] }) => [x, y, 1]);
  const products = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0))
  );
  const whole = determinant(products);
  const solve = (axis: 0 | 1) => {
    const right = [0, 1, 2].map((i) =>
      pairs.reduce((sum, { to }, row) => sum + rows[row]![i]! * to[axis], 0)
    );
    return [0, 1, 2].map((column) =>
      determinant(
        products.map((row, i) => row.map((value, j) => j === column ? right[i]! : value)),
      ) / whole
    ) as Row;
  };
  const [across, down] = [solve(0), solve(1)];
  const area = across[0] * down[1] - across[1] * down[0];
  const extent = Math.hypot(across[0], across[1], down[0], down[1]) ** 2;
  if (!(Math.abs(area) > FLATTEST * extent)) {
    throw new RangeError("a face needs landmarks that do not lie on one line");
  }
  return [across, down];
}

function determinant([a, b, c]: number[][]): number {
  return a![0]! * (b![1]! * c![2]! - b![2]! * c![1]!) -
    a![1]! * (b![0]! * c![2]! - b![2]! * c![0]!) +
    a![2]! * (b![0]! * c![1]! - b![1]! * c![0]!);
}
