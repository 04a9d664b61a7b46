/** Draws the bare head: ears, skin, eyes, nose, mouth, beard. */
import { type Colour, darken, type Dice, lighten, mix } from "./chance.ts";
import type { Face } from "./face.ts";
import { area, circle, ellipse, line, radialGradient, trace } from "./svg.ts";

const LIPSTICKS: readonly Colour[] = ["#b3122d", "#d4476a", "#7d1538", "#c75b4a", "#e0607e"];

export function drawHead(dice: Dice, face: Face): string {
  const { chance } = dice;
  return [
    drawSkull(dice, face),
    chance(0.3) ? drawWrinkles(face) : "",
    drawEyes(dice, face),
    drawNose(dice, face),
    face.feminine < 0.5 && chance(0.4) ? drawBeard(dice, face) : "",
    drawMouth(dice, face),
  ].join("");
}

function drawSkull({ between }: Dice, { at, halfWidth: w, chin, yaw, skin }: Face): string {
  const jaw = between(18, 30);
  const turn = 30 * Math.sin(yaw);
  const drawEar = (side: number) => {
    const x = side * w * (side * yaw > 0 ? 1 : Math.cos(yaw));
    return ellipse(x, 3, 6, 12, darken(skin, 0.08)) + ellipse(x, 4, 3, 7, darken(skin, 0.25));
  };
  const far = Math.sign(yaw);
  const skull = trace`M${-w} -8C${-w} -66 ${w} -66 ${w} -8C${w} 20 ${turn + jaw} ${chin}
    ${at(0, chin)}C${turn - jaw} ${chin} ${-w} 20 ${-w} -8Z`;
  const [light, shade] = [lighten(skin, 0.12), mix(skin, "#3a1206", 0.45)];
  return [
    radialGradient("skin", between(0.3, 0.7), [0, light], [0.6, skin], [1, shade]),
    radialGradient("blush", 0.5, [0, "#d0402a", between(0, 0.28)], [1, "#d0402a", 0]),
    drawEar(far),
    area(skull, "url(#skin)"),
    circle(at(-24, 14), 15, "url(#blush)"),
    circle(at(24, 14), 15, "url(#blush)"),
    drawEar(-far),
  ].join("");
}

function drawWrinkles({ at, skin }: Face): string {
  const brow = trace`M${at(-16, -34)}Q${at(0, -37)} ${at(16, -34)}
    M${at(-14, -30)}Q${at(0, -32)} ${at(14, -30)}`;
  const cheeks = [-1, 1].map((side) =>
    trace`M${at(13 * side, 15)}Q${at(20 * side, 22)} ${at(18 * side, 32)}`
  );
  return line(brow + cheeks.join(""), darken(skin, 0.2));
}

function drawEyes({ between, chance }: Dice, { at, skin, hair, iris, feminine }: Face): string {
  const [apart, wide, open] = [between(15, 19), between(7, 9.5), between(4, 8)];
  const [gaze, high, frown] = [between(-3, 3), between(21, 25), between(-4, 3)];
  const [thick, closed] = [between(2, 4), chance(0.06)];
  const lash = darken(skin, 0.7);
  const drawEye = (side: number) => {
    const x = side * apart;
    const [left, right, pupil] = [at(x - wide, -11), at(x + wide, -11), at(x + gaze, -11.5)];
    const lid = trace`M${left}Q${at(x, -12 - open)} ${right}`;
    const brow = trace`M${at(x + side * (wide + 3), -high - frown / 2)}Q${at(x, -high - 4)}
      ${at(x - side * wide, -high + frown)}`;
    const eye = [
      area(trace`${lid}Q${at(x, -7)} ${left}Z`, "#f4f1ee"),
      circle(pupil, open * 0.55, iris),
      circle(pupil, open * 0.26, "#050505"),
      line(lid, lash, chance(feminine) ? 2.4 : 1.4),
    ];
    const shut = line(trace`M${left}Q${at(x, -7)} ${right}`, lash, 1.6);
    return line(brow, mix(hair, "#2a1d14", 0.5), thick) + (closed ? shut : eye.join(""));
  };
  return drawEye(-1) + drawEye(1);
}

function drawNose({ between }: Dice, { at, skin }: Face): string {
  const wide = between(5, 9);
  const nose = trace`M${at(3, -8)}Q${at(4, 6, 4)} ${at(wide, 13)}
    Q${at(0, 20, 5)} ${at(-wide, 13)}Q${at(-1, 8, 5)} ${at(0, 4, 5)}`;
  const nostrils = [-3, 3].map((x) => circle(at(x, 15, 3), 1.4, darken(skin, 0.6)));
  const edge = line(nose, mix(skin, "#3a1206", 0.4));
  return area(nose, mix(skin, "#8a3a1a", 0.15)) + edge + nostrils.join("");
}

/** Draws a mouth: closed, smiling with teeth, or open. Some masks have one as a print. */
export function drawMouth(dice: Dice, { at, skin, feminine }: Face): string {
  const { between, chance, pick } = dice;
  const lips = chance(feminine * 0.6) ? pick(LIPSTICKS) : mix(darken(skin, 0.2), "#b0524e", 0.4);
  const [wide, smile] = [between(10, 18), between(-3, 7)];
  const open = chance(0.4) ? between(3, 14) : 0.5;
  const [left, right] = [at(-wide, 30 - smile / 2), at(wide, 30 - smile / 2)];
  const whole = trace`M${left}Q${at(-5, 25, 2)} ${at(0, 27.5, 2)}Q${at(5, 25, 2)} ${right}
    Q${at(0, 36 + smile + open, 2)} ${left}Z`;
  const gap = trace`M${left}Q${at(0, 30 + smile, 2)} ${right}
    Q${at(0, 30 + smile + open, 2)} ${left}Z`;
  const inside = open > 1 ? pick(["#f5f3ee", "#f5f3ee", "#4a1518"]) : darken(lips, 0.5);
  return area(whole, lips) + area(gap, inside) + line(gap, darken(lips, 0.5), 0.8);
}

/** Draws a moustache, usually with a beard, always if `full`; or stubble. */
export function drawBeard(
  { between, chance }: Dice,
  { at, halfWidth: w, chin, hair }: Face,
  full = false,
): string {
  const end = chin + between(1, 14);
  const moustache = trace`M${at(-16, 30)}Q${at(-8, 20, 3)} ${at(0, 21, 3)}
    Q${at(8, 20, 3)} ${at(16, 30)}Q${at(0, 24, 3)} ${at(-16, 30)}Z`;
  const beard = trace`M${at(-w, 0)}Q${at(-w + 4, 22)} ${at(-18, 24)}Q${at(-14, 40)} ${at(0, 39)}
    Q${at(14, 40)} ${at(18, 24)}Q${at(w - 4, 22)} ${at(w, 0)}
    C${at(w, 30)} ${at(20, end)} ${at(0, end)}C${at(-20, end)} ${at(-w, 30)} ${at(-w, 0)}Z`;
  const shape = moustache + (full || chance(0.8) ? beard : "");
  return area(shape, hair, chance(0.35) ? between(0.25, 0.5) : 1);
}
