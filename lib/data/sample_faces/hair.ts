/** Draws hair, headscarves, hats and glasses. */
import { darken, type Dice, lighten, makeFabric, randomColour } from "./chance.ts";
import type { Face } from "./face.ts";
import { area, circle, line, trace } from "./svg.ts";

/** The SVG elements behind and in front of the head. */
interface Layers {
  back: string;
  front: string;
}

/** Draws hair or none, or a headscarf, a turban, a cap, a woollen hat. */
export function drawHair(dice: Dice, face: Face): Layers {
  const { chance } = dice;
  if (face.feminine > 0.5 && chance(0.15)) return { back: "", front: drawHeadscarf(dice, face) };
  const bald = chance(0.25 * (1 - face.feminine));
  const { back, front } = bald ? { back: "", front: "" } : drawHairdo(dice, face);
  return { back, front: front + (chance(0.15) ? drawHat(dice, face) : "") };
}

/** Curly, short, in a bun, or long. */
function drawHairdo(dice: Dice, face: Face): Layers {
  const { between, chance } = dice;
  const top = between(-92, -76);
  const scalp = drawScalp(dice, face, top);
  if (chance(0.25)) return { back: drawCurls(dice, face), front: scalp };
  if (!chance(face.feminine)) return { back: "", front: scalp };
  if (chance(0.25)) {
    const bun = circle(trace`${between(-20, 20)} -66`, between(10, 18), face.hair);
    return { back: bun, front: scalp };
  }
  const w = face.halfWidth;
  const [end, flow, wave] = [between(30, 105), between(2, 16), between(4, 14)];
  const back = trace`M${-w - 5} -10C${-w - 14} ${top} ${w + 14} ${top} ${w + 5} -10
    L${w + flow} ${end}Q0 ${end + 12} ${-w - flow} ${end}Z`;
  const locks = [-1, 1].map((side) =>
    trace`M${side * (w + 4)} -36Q${side * (w - wave)} 0 ${side * (w - 4)} ${end}
      L${side * (w + flow)} ${end}Q${side * (w + 8)} 0 ${side * (w + 4)} -36Z`
  );
  return {
    back: area(back, darken(face.hair, 0.25)),
    front: scalp + area(locks.join(""), face.hair),
  };
}

function drawScalp({ between }: Dice, { at, halfWidth: w, hair }: Face, top: number): string {
  const [hairline, parting] = [between(-44, -24), between(-22, 22)];
  const scalp = trace`M${-w - 2} 0C${-w - 10} ${top} ${w + 10} ${top} ${w + 2} 0L${at(w - 3, -18)}
    Q${at(24, hairline)} ${at(parting, hairline - 6)}Q${at(-24, hairline)} ${at(-w + 3, -18)}Z`;
  const shine = trace`M${-w * 0.6} ${top * 0.55}Q0 ${top * 0.8} ${w * 0.6} ${top * 0.55}`;
  return area(scalp, hair) + line(shine, lighten(hair, 0.1), 4);
}

function drawCurls({ between }: Dice, { halfWidth: w, hair }: Face): string {
  const size = between(8, 24);
  return Array.from({ length: 11 }, (_, i) => {
    const angle = Math.PI * (1 + i / 10);
    const centre = trace`${(w + 2) * Math.cos(angle)} ${-12 + 44 * Math.sin(angle)}`;
    return circle(centre, size * between(0.8, 1.2), hair);
  }).join("");
}

function drawHeadscarf(dice: Dice, { at, halfWidth: w, chin }: Face): string {
  const colour = randomColour(dice);
  const { defs, fill } = makeFabric(dice, "headscarf", colour, 0.3);
  const brow = dice.between(-40, -28);
  const outside = trace`M${-w - 8} -8C${-w - 14} -88 ${w + 14} -88 ${w + 8} -8
    C${w + 8} 40 ${w + 30} 70 ${w + 40} 110L${-w - 40} 110
    C${-w - 30} 70 ${-w - 8} 40 ${-w - 8} -8Z`;
  const opening = trace`M${at(-w + 5, -5)}Q${at(-w + 8, brow)} ${at(0, brow)}
    Q${at(w - 8, brow)} ${at(w - 5, -5)}Q${at(w - 6, 32)} ${at(0, chin - 3)}
    Q${at(-w + 6, 32)} ${at(-w + 5, -5)}Z`;
  const folds = trace`M${-w} 42Q0 ${chin + 22} ${w} 36M${-w - 12} 60Q0 ${chin + 44} ${w + 6} 50`;
  return defs + area(outside + opening, fill) + line(folds, darken(colour, 0.3), 2);
}

/** A cap with a brim, a woollen hat with a cuff, or a turban. */
function drawHat(dice: Dice, { at, halfWidth: w, yaw }: Face): string {
  const { between, pick } = dice;
  const colour = randomColour(dice);
  const { defs, fill } = makeFabric(dice, "hat", colour, 0.3);
  const [edge, top, side] = [between(-34, -24), between(-100, -84), w + 4];
  const dome = trace`M${-side} ${edge + 4}
    C${-side - 4} ${top} ${side + 4} ${top} ${side} ${edge + 4}
    Q${at(0, edge - 6)} ${-side} ${edge + 4}Z`;
  const brim = trace`M${-side} ${edge + 3}Q${60 * yaw} ${edge + 22} ${side} ${edge + 3}
    Q${at(0, edge - 10)} ${-side} ${edge + 3}Z`;
  const cuff = trace`M${-side} ${edge}Q${at(0, edge - 6)} ${side} ${edge}`;
  const folds = [0, 8, 16].map((up) =>
    trace`M${-side} ${edge - up}Q${at(10, edge - 18 - up)} ${side} ${edge - up - 4}`
  );
  const trim = pick([
    area(brim, darken(colour, 0.35)),
    line(cuff, darken(colour, 0.2), 14),
    line(folds.join(""), darken(colour, 0.25), 3),
  ]);
  return defs + area(dome, fill) + trim;
}

/** Draws glasses or sunglasses. */
export function drawGlasses({ between, chance, pick }: Dice, { at, halfWidth: w }: Face): string {
  const [wide, high, round] = [between(11, 15), between(8, 13), between(3, 10)];
  const frame = pick(["#111111", "#3a2415", "#8a7340", "#9a9aa0", "#7a1020"]);
  const lenses = [-16, 16].map((x) => {
    const [left, right] = [at(x - wide, -11), at(x + wide, -11)];
    return trace`M${left}Q${at(x - wide, -12 - high)} ${at(x - wide + round, -12 - high)}
      L${at(x + wide - round, -12 - high)}Q${at(x + wide, -12 - high)} ${right}
      Q${at(x + wide, -10 + high)} ${at(x, -10 + high)}Q${at(x - wide, -10 + high)} ${left}Z`;
  }).join("");
  const bows = trace`M${at(-16 + wide, -13)}Q${at(0, -17, 4)} ${at(16 - wide, -13)}
    M${at(-16 - wide, -14)}L${at(-w, -10)}M${at(16 + wide, -14)}L${at(w, -10)}`;
  const glass = chance(0.35)
    ? area(lenses, pick(["#0b0b0d", "#2b1a10", "#1a2b3a"]), 0.92)
    : area(lenses, "#dfe9f2", 0.15);
  return glass + line(lenses + bows, frame, between(1, 3.2));
}
