/** Aligns one thumbnail with another, and measures their similarity. */
import { LUMA } from "../photo.ts";

/** A picture of `SIDE` x `SIDE` grey levels in 0..255, row by row. */
export type Thumbnail = Float32Array;
/** Pixels along each side of a thumbnail. */
export const SIDE = 32;

/**
 * A map from points of one picture to those of another, both relative to the centre:
 * `(x, y)` to `(a x + b y + c, d x + e y + f)`.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const CENTRE = (SIDE - 1) / 2;
/** The pixels of the disc within the square: rotation keeps them inside the picture. */
export const DISC: readonly number[] = Array.from({ length: SIDE * SIDE }, (_, index) => index)
  .filter((index) =>
    Math.hypot(index % SIDE - CENTRE, Math.floor(index / SIDE) - CENTRE) <= CENTRE
  );
const DISC_X = Float64Array.from(DISC, (index) => index % SIDE - CENTRE);
const DISC_Y = Float64Array.from(DISC, (index) => Math.floor(index / SIDE) - CENTRE);

/** The least correlation of grey levels after each step. */
const FLOORS = [0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9];

/**
 * Averages a photo down to a thumbnail.
 *
 * @param pixels `[size, size, 3]` uint8 RGB in 0..255.
 * @param size At least `SIDE`.
 */
export function makeThumbnail(pixels: Uint8Array, size: number): Thumbnail {
  const sums = new Float64Array(SIDE * SIDE), counts = new Float64Array(SIDE * SIDE);
  const cells = Int32Array.from({ length: size }, (_, x) => Math.floor(x * SIDE / size));
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i += 3) {
      const cell = cells[y]! * SIDE + cells[x]!;
      sums[cell]! += LUMA[0] * pixels[i]! + LUMA[1] * pixels[i + 1]! + LUMA[2] * pixels[i + 2]!;
      counts[cell]!++;
    }
  }
  return Float32Array.from(sums, (sum, cell) => sum / counts[cell]!);
}

/** Makes the map of a rotation about the centre, then mirrored horizontally if `mirrored`. */
export function turn(degrees: number, mirrored = false): Affine {
  const cos = Math.cos(degrees * Math.PI / 180), sin = Math.sin(degrees * Math.PI / 180);
  return mirrored ? [-cos, -sin, 0, -sin, cos, 0] : [cos, sin, 0, -sin, cos, 0];
}

/** The pixels of the disc in a mapped thumbnail. */
export interface DiscView {
  /** Grey levels of the pixels of `DISC`. */
  grey: Float64Array;
  /** Their slopes per pixel to the right, and downwards. */
  slopeX: Float64Array;
  slopeY: Float64Array;
}

/** Allocates a view. */
export function makeView(): DiscView {
  const [grey, slopeX, slopeY] = [0, 0, 0].map(() => new Float64Array(DISC.length));
  return { grey: grey!, slopeX: slopeX!, slopeY: slopeY! };
}

/**
 * Samples the grey levels of a thumbnail, and their slopes, at the mapped pixels of `DISC`.
 *
 * @param view Overwritten: millions of views are compared.
 */
export function viewDisc(
  thumbnail: Thumbnail,
  [a, b, c, d, e, f]: Affine,
  view: DiscView = makeView(),
): DiscView {
  const { grey, slopeX, slopeY } = view;
  for (let i = 0; i < DISC.length; i++) {
    const x = DISC_X[i]!, y = DISC_Y[i]!;
    const u = Math.min(Math.max(a * x + b * y + c + CENTRE, 0), SIDE - 1.001);
    const v = Math.min(Math.max(d * x + e * y + f + CENTRE, 0), SIDE - 1.001);
    const left = Math.floor(u), top = Math.floor(v), at = top * SIDE + left;
    const rightwards = thumbnail[at + 1]! - thumbnail[at]!;
    const rightwardsBelow = thumbnail[at + SIDE + 1]! - thumbnail[at + SIDE]!;
    const above = thumbnail[at]! + (u - left) * rightwards;
    const below = thumbnail[at + SIDE]! + (u - left) * rightwardsBelow;
    grey[i] = above + (v - top) * (below - above);
    slopeX[i] = rightwards + (v - top) * (rightwardsBelow - rightwards);
    slopeY[i] = below - above;
  }
  return view;
}

/**
 * Aligns the second thumbnail with the first, in position, rotation, scale, brightness and contrast, and measures
 * the similarity of their details. It is the correlation, -1 to 1, of the differences between each pixel of the
 * disc and its neighbourhood; 0 if they cannot be aligned.
 *
 * The method is Gauss-Newton on the squared difference, as in Lucas-Kanade registration, with gain and offset.
 * Source: S. Baker, R. Gross and I. Matthews, "Lucas-Kanade 20 years on: a unifying framework, part 3",
 * CMU-RI-TR-03-35, 2003.
 *
 * @param start An approximate map from the first's points to the second's.
 */
export function compareDetail(first: Thumbnail, second: Thumbnail, start: Affine): number {
  const still = pickDisc(first);
  let map = start;
  for (const floor of FLOORS) {
    const moved = viewDisc(second, map, SCRATCH);
    if (correlate(still, moved.grey) < floor) return 0;
    const better = fit(still, moved, map);
    if (better === undefined) return 0;
    map = better;
  }
  return correlate(pickDisc(findDetail(first)), viewDisc(findDetail(second), map).grey);
}

/** Used by `compareDetail` only. */
const SCRATCH = makeView();

function pickDisc(thumbnail: Thumbnail): Float64Array {
  const grey = new Float64Array(DISC.length);
  for (let i = 0; i < DISC.length; i++) grey[i] = thumbnail[DISC[i]!]!;
  return grey;
}

type Nine = [Terms, Terms, Terms, Terms, Terms, Terms, Terms, Terms, Terms];
type Terms = Float64Array;
/** The terms of the equations at each pixel of the disc, and two of zeros. Used by `fit` only. */
const TERMS = Array.from({ length: 11 }, () => new Float64Array(DISC.length));

/** Takes one Gauss-Newton step: changes the map by the least squares solution. */
function fit(
  still: Float64Array,
  { grey, slopeX, slopeY }: DiscView,
  map: Affine,
): Affine | undefined {
  // still = gain * (grey + slopes * change of map) + offset. The unknowns are gain * change of map (6), gain and
  // offset. The sums of products of the terms are the normal equations.
  const [xx, xy, x1, yx, yy, y1, level, one, goal] = TERMS as Nine;
  for (let i = 0; i < DISC.length; i++) {
    const x = DISC_X[i]!, y = DISC_Y[i]!, dx = slopeX[i]!, dy = slopeY[i]!;
    xx[i] = dx * x;
    xy[i] = dx * y;
    x1[i] = dx;
    yx[i] = dy * x;
    yy[i] = dy * y;
    y1[i] = dy;
    level[i] = grey[i]!;
    one[i] = 1;
    goal[i] = still[i]!;
  }
  const equations = Array.from({ length: 8 }, () => new Float64Array(TERMS.length));
  for (const [row, equation] of equations.entries()) {
    const terms = TERMS[row]!;
    // Three sums at a time, so that the processor adds them in parallel.
    for (let column = row; column < 9; column += 3) {
      const a = TERMS[column]!, b = TERMS[column + 1]!, c = TERMS[column + 2]!;
      let sumA = 0, sumB = 0, sumC = 0;
      for (let i = 0; i < DISC.length; i++) {
        const term = terms[i]!;
        sumA += term * a[i]!;
        sumB += term * b[i]!;
        sumC += term * c[i]!;
      }
      equation[column] = sumA;
      equation[column + 1] = sumB;
      equation[column + 2] = sumC;
    }
    for (let column = 0; column < row; column++) equation[column] = equations[column]![row]!;
  }
  const solution = solve(equations);
  const gain = solution?.[6];
  if (solution === undefined || !gain) return undefined;
  const [a, b, c, d, e, f] = map.map((value, i) => value + solution[i]! / gain);
  return [a!, b!, c!, d!, e!, f!];
}

/** Solves n linear equations, given as rows of n coefficients and the right-hand side, in place. */
function solve(equations: Float64Array[]): number[] | undefined {
  const n = equations.length;
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let row = i + 1; row < n; row++) {
      if (Math.abs(equations[row]![i]!) > Math.abs(equations[pivot]![i]!)) pivot = row;
    }
    [equations[i], equations[pivot]] = [equations[pivot]!, equations[i]!];
    const own = equations[i]!;
    if (Math.abs(own[i]!) < 1e-9) return undefined;
    for (const other of equations) {
      if (other === own) continue;
      const factor = other[i]! / own[i]!;
      for (let column = i; column <= n; column++) other[column]! -= factor * own[column]!;
    }
  }
  return equations.map((row, i) => row[n]! / row[i]!);
}

/** Computes the difference between each pixel and the mean of the 5 x 5 pixels around it. */
function findDetail(thumbnail: Thumbnail): Thumbnail {
  return thumbnail.map((grey, index) => {
    const x = index % SIDE, y = Math.floor(index / SIDE);
    let sum = 0, count = 0;
    for (let row = Math.max(y - 2, 0); row <= Math.min(y + 2, SIDE - 1); row++) {
      for (let column = Math.max(x - 2, 0); column <= Math.min(x + 2, SIDE - 1); column++) {
        sum += thumbnail[row * SIDE + column]!;
        count++;
      }
    }
    return grey - sum / count;
  });
}

/** Computes Pearson's correlation; 0 if either is constant. */
function correlate(a: Float64Array, b: Float64Array): number {
  let sumA = 0, sumB = 0, sumAA = 0, sumBB = 0, sumAB = 0;
  for (let i = 0; i < a.length; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
    sumAA += a[i]! * a[i]!;
    sumBB += b[i]! * b[i]!;
    sumAB += a[i]! * b[i]!;
  }
  const spread = Math.sqrt(
    Math.max(sumAA - sumA * sumA / a.length, 0) * Math.max(sumBB - sumB * sumB / a.length, 0),
  );
  return spread > 1e-6 ? (sumAB - sumA * sumB / a.length) / spread : 0;
}
