/** Pictures drawn from a seed, to test on where photos may not lie: overlapping ellipses. */
import { seededRandom } from "../lib/random.ts";

/** The colour, 0 to 255, at a point of -1 to 1 from left to right and from top to bottom. */
export type Scene = (x: number, y: number) => readonly [number, number, number];

/** A scene of 30 ellipses of all sizes and colours; each seed gives another. */
export function makeScene(seed: number): Scene {
  const random = seededRandom(seed);
  const between = (least: number, most: number) => least + (most - least) * random();
  const colour = () => [between(20, 220), between(20, 220), between(20, 220)] as const;
  const background = colour();
  const ellipses = Array.from({ length: 30 }, () => ({
    x: between(-1, 1),
    y: between(-1, 1),
    across: between(0.05, 0.5),
    down: between(0.05, 0.5),
    colour: colour(),
  }));
  return (x, y) =>
    ellipses.findLast((e) => ((x - e.x) / e.across) ** 2 + ((y - e.y) / e.down) ** 2 < 1)?.colour ??
      background;
}

/** The scene as seen after a move about its centre. */
export function moveScene(
  scene: Scene,
  { degrees = 0, mirrored = false, zoom = 1, right = 0 }: {
    degrees?: number;
    mirrored?: boolean;
    zoom?: number;
    /** In halves of the picture's width. */
    right?: number;
  },
): Scene {
  const cos = Math.cos(degrees * Math.PI / 180), sin = Math.sin(degrees * Math.PI / 180);
  return (x, y) => {
    const u = (mirrored ? -x : x) / zoom - right, v = y / zoom;
    return scene(u * cos + v * sin, v * cos - u * sin);
  };
}

/** A scene as `[size, size, 3]` RGB uint8, each pixel the mean of four points. */
export function renderScene(scene: Scene, size: number): Uint8Array {
  const pixels = new Uint8Array(size * size * 3);
  for (let i = 0; i < size * size; i++) {
    const x = (i % size + 0.5) * 2 / size - 1, y = (Math.floor(i / size) + 0.5) * 2 / size - 1;
    for (const dx of [-0.5 / size, 0.5 / size]) {
      for (const dy of [-0.5 / size, 0.5 / size]) {
        const colour = scene(x + dx, y + dy);
        for (let c = 0; c < 3; c++) pixels[i * 3 + c]! += colour[c]! / 4;
      }
    }
  }
  return pixels;
}
