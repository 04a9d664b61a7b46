/** Draws masks: on nose and mouth, or worn incorrectly. */
import {
  type Colour,
  darken,
  type Dice,
  lighten,
  makeFabric,
  mix,
  randomColour,
} from "./chance.ts";
import type { Face, Place } from "./face.ts";
import { drawMouth } from "./head.ts";
import { area, circle, line, trace } from "./svg.ts";

// deno-fmt-ignore
const MASK_COLOURS: readonly Colour[] = [
  "#a9d3e8", "#8fc1de", "#7fb8d6", "#b8dcd2", "#9ed2b8", "#f4f6f7", "#f7f7f4", "#e8e8e4",
  "#15161a", "#1e2126", "#23263a", "#e9a9bd", "#6c7a3f", "#8a1f2d", "#3f5f9a", "#7c7f86",
];

/** Draws a mask on nose and mouth: surgical, cloth, or a respirator; of a random colour by default. */
export function drawMask(dice: Dice, face: Face, given?: Colour): string {
  const { between, chance, pick } = dice;
  const ofSkin = mix(face.skin, "#d8a080", between(0, 0.5));
  const any = chance(0.03) ? ofSkin : chance(0.1) ? randomColour(dice) : pick(MASK_COLOURS);
  const colour = given ?? any;
  const [surgical, cloth, respirator] = [drawSurgicalMask, drawClothMask, drawRespirator];
  return pick([surgical, surgical, cloth, cloth, respirator])(dice, face, colour);
}

/** Draws a mask under the chin or hanging from one ear. */
export function drawIdleMask(dice: Dice, face: Face): string {
  const { between, chance } = dice;
  if (chance(0.6)) {
    const [top, squash] = [between(42, 48), between(0.35, 0.55)];
    const underChin: Place = (x, y, depth) => face.at(x * 0.95, top + squash * y, depth);
    return drawMask(dice, { ...face, at: underChin });
  }
  const side = face.yaw > 0 ? -1 : 1; // the ear that is turned to us
  const earX = side * (face.halfWidth * Math.cos(face.yaw) + 4);
  const [earY, angle] = [14, side * between(0.9, 1.4)];
  const fromEar: Place = (x, y) =>
    trace`${earX + 0.35 * x * Math.cos(angle) - 0.22 * y * Math.sin(angle)}
      ${earY + 0.35 * x * Math.sin(angle) + 0.75 * y}`;
  return drawMask(dice, { ...face, at: fromEar });
}

function drawSurgicalMask(dice: Dice, face: Face, colour: Colour): string {
  const { at, chin } = face;
  const { between } = dice;
  const [top, side, low] = [between(-3, 5), between(33, 37), chin + between(1, 6)];
  const outline = trace`M${at(-side, 7)}Q${at(-18, top)} ${at(0, top, 5)}
    Q${at(18, top)} ${at(side, 7)}L${at(side - 2, 38)}Q${at(20, low - 2)} ${at(0, low, 4)}
    Q${at(-20, low - 2)} ${at(-side + 2, 38)}Z`;
  const pleats = [16, 26, 36].map((y) =>
    trace`M${at(-side, y)}Q${at(0, y + between(4, 9), 4)} ${at(side, y)}`
  );
  const wire = trace`M${at(-14, top + 4)}Q${at(0, top + 1, 5)} ${at(14, top + 4)}`;
  return drawLoops(dice, face, [side, 8], [side - 2, 37], colour) +
    drawShell(outline, colour, colour) +
    line(pleats.join(""), darken(colour, 0.2), 1.6) + line(wire, lighten(colour, 0.4), 2);
}

/** Draws a cloth mask, printed with a probability of `printed`. */
export function drawClothMask(dice: Dice, face: Face, colour: Colour, printed = 0.35): string {
  const { at, chin } = face;
  const { between, chance } = dice;
  const [top, side, low] = [between(-6, 4), between(30, 38), chin + between(1, 7)];
  const { defs, fill } = makeFabric(dice, "mask", colour, printed);
  const outline = trace`M${at(-side, 8)}Q${at(-16, top + 6)} ${at(0, top, 6)}
    Q${at(16, top + 6)} ${at(side, 8)}Q${at(side + 1, 26)} ${at(side - 5, 36)}
    Q${at(14, low - 2)} ${at(0, low, 5)}Q${at(-14, low - 2)} ${at(-side + 5, 36)}
    Q${at(-side - 1, 26)} ${at(-side, 8)}Z`;
  const seam = trace`M${at(0, top, 6)}Q${at(0, 26, 12)} ${at(0, low, 5)}`;
  return defs + drawLoops(dice, face, [side, 9], [side - 5, 35], colour) +
    drawShell(outline, colour, fill) + (chance(0.6) ? line(seam, darken(colour, 0.3)) : "") +
    (chance(0.06) ? drawMouth(dice, face) : "");
}

function drawRespirator(dice: Dice, face: Face, colour: Colour): string {
  const { at, chin } = face;
  const { between, chance } = dice;
  const shell = chance(0.7) ? lighten(colour, 0.75) : colour;
  const [side, low] = [between(26, 33), chin + between(2, 7)];
  const outline = trace`M${at(-side, 16)}Q${at(-16, 0)} ${at(0, between(-6, 0), 6)}
    Q${at(16, 0)} ${at(side, 16)}Q${at(side + 2, 44)} ${at(12, low)}L${at(-12, low)}
    Q${at(-side - 2, 44)} ${at(-side, 16)}Z`;
  const fold = trace`M${at(-side, 18)}Q${at(0, 26, 14)} ${at(side, 18)}`;
  const middle = at(between(-14, 14), 32, 6);
  const valve = circle(middle, 8, "#8a8f94") + circle(middle, 7, lighten(shell, 0.3)) +
    circle(middle, 3, "#b0b4b8");
  return drawLoops(dice, face, [side, 16], [side - 2, 40], shell) +
    drawShell(outline, shell, shell) + line(fold, darken(shell, 0.15), 2) +
    (chance(0.5) ? valve : "");
}

/** The body of a mask, rounded by the shade that the scene defines. */
function drawShell(outline: string, colour: Colour, fill: string): string {
  return area(outline, fill) + area(outline, "url(#shade)") + line(outline, darken(colour, 0.25));
}

/** On either side two bands, from the upper and the lower corner of the mask to behind the ear. */
function drawLoops(
  { between }: Dice,
  { at, halfWidth: w }: Face,
  [upperX, upperY]: readonly [number, number],
  [lowerX, lowerY]: readonly [number, number],
  colour: Colour,
): string {
  const bands = [-1, 1].map((side) =>
    trace`M${at(side * upperX, upperY)}Q${at(side * w, upperY - 6)} ${at(side * w, -6)}
      M${at(side * lowerX, lowerY)}Q${at(side * w, lowerY - 6)} ${at(side * w, 10)}`
  );
  return line(bands.join(""), mix(colour, "#dddddd", 0.6), between(1, 2.2));
}
