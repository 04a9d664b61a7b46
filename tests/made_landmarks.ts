/** Landmarks of a face that is nobody's, placed and turned as a test needs it. */
import type { Point } from "../lib/detection/landmarks.ts";

/** A face in the units of the drawings: 0 0 is the middle of the head, y grows downwards. */
export const NOSE_TIP: Point = [0, 9], MOUTH: Point = [0, 30];

/** Landmarks of a face that looks straight ahead, in the order of iBUG 300-W. */
export function makeLandmarks(map: (place: Point) => Point): Point[] {
  const ring = (x: number, y: number, count: number, across: number, down: number): Point[] =>
    Array.from({ length: count }, (_, i) => {
      const angle = Math.PI + 2 * Math.PI * i / count;
      return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
    });
  const half: Point[] = [[-42, -12], [-41, 0], [-39, 12], [-39, 12], [-34, 34], [-26, 44], [
    -14,
    52,
  ]];
  const jaw: Point[] = [
    ...half,
    ...[-4, 0, 4].map((x): Point => [x, 54]),
    ...half.toReversed().map(([x, y]): Point => [-x, y]),
  ];
  const brows = [-26, -22, -18, -14, -8, 8, 14, 18, 22, 26].map((x): Point => [x, -22]);
  const bridge: Point[] = [[0, -10], [0, -4], [0, 3], NOSE_TIP];
  const nostrils = [-8, -4, 0, 4, 8].map((x): Point => [x, 16]);
  const eyes = [...ring(-17, -12, 6, 7, 3), ...ring(17, -12, 6, 7, 3)];
  const mouth = [...ring(...MOUTH, 12, 14, 5), ...ring(...MOUTH, 8, 10, 2)];
  return [...jaw, ...brows, ...bridge, ...nostrils, ...eyes, ...mouth].map(map);
}

/** The face turned by an angle and resized, and the way back. */
export function place(degrees: number, scale: number, [left, top]: Point) {
  const [cos, sin] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
  return {
    toPhoto: ([x, y]: Point): Point => [
      left + scale * (cos * x - sin * y),
      top + scale * (sin * x + cos * y),
    ],
    toFace: ([x, y]: Point): Point => [
      (cos * (x - left) + sin * (y - top)) / scale,
      (-sin * (x - left) + cos * (y - top)) / scale,
    ],
  };
}
