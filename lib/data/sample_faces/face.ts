/** Defines the features of a person that the parts of a drawing share. */
import { type Colour, type Dice, mix, randomColour } from "./chance.ts";
import { trace } from "./svg.ts";

/**
 * Projects a point of the face to the picture, as `"x y"`. `x` and `y` are its position in a frontal face: the
 * centre of the head is 0 0, y grows downwards, the nose is at x = 0, the eyes at y = -12, the mouth at y = 30.
 * `depth` is its distance from the face.
 */
export type Place = (x: number, y: number, depth?: number) => string;

export interface Face {
  at: Place;
  /** Half the width of the head, 38..46. */
  halfWidth: number;
  /** The lower end of the chin, 50..58. */
  chin: number;
  /** Rotation of the head, in radians; positive to the right of the picture. */
  yaw: number;
  skin: Colour;
  hair: Colour;
  iris: Colour;
  /** The probability of long hair and lipstick, which also decides beards and headscarves. */
  feminine: number;
}

/** The Monk Skin Tone scale (Ellis Monk, skintone.google), lightest first. */
// deno-fmt-ignore
const SKIN_TONES: readonly Colour[] = [
  "#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96",
  "#a07e56", "#825c43", "#604134", "#3a312a", "#292420",
];
/** Dark and grey hair colours, which occur with every skin tone, then brown and fair ones. */
// deno-fmt-ignore
const HAIR_COLOURS: readonly Colour[] = [
  "#0f0d0c", "#1c1512", "#2b1d14", "#3d2817", "#8a8a8a", "#d5d5d2",
  "#5a3a1e", "#7a5230", "#a87b45", "#d1b074", "#8c3b1c",
];
const IRIS_COLOURS: readonly Colour[] = ["#2a1708", "#3d2410", "#5b3a1a", "#4b6b3c", "#4c7fa8"];

export function makeFace(dice: Dice): Face {
  const { between, chance, pick } = dice;
  const tone = pick(SKIN_TONES);
  const fair = SKIN_TONES.indexOf(tone) < 5;
  const halfWidth = between(38, 46);
  const yaw = chance(0.7) ? between(-0.2, 0.2) : between(-0.55, 0.55);
  return {
    at: placeOnHead(halfWidth, yaw, between(-0.12, 0.12)),
    halfWidth,
    chin: between(50, 58),
    yaw,
    // The scale has wide steps and greyish ends, so a warmer tone is mixed in.
    skin: mix(tone, pick(["#c07840", "#d08a68"]), between(0.16, 0.36)),
    hair: chance(0.04) ? randomColour(dice) : pick(HAIR_COLOURS.slice(0, fair ? 11 : 6)),
    iris: pick(IRIS_COLOURS.slice(0, fair ? 5 : 3)),
    feminine: pick([0.1, 0.9]),
  };
}

/** Projects points on a cylinder of this half width, rotated by `yaw` (radians) and tilted by `pitch`. */
function placeOnHead(halfWidth: number, yaw: number, pitch: number): Place {
  return (x, y, depth = 0) => {
    const front = Math.asin(Math.max(-1, Math.min(1, x / halfWidth)));
    const angle = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, front + yaw));
    const radius = halfWidth + depth;
    return trace`${radius * Math.sin(angle)} ${y + pitch * radius * Math.cos(angle)}`;
  };
}
