/** Draws objects that can be mistaken for a mask: hands, scarves, cups and the like. */
import { darken, type Dice, lighten, makeFabric, randomColour } from "./chance.ts";
import type { Face } from "./face.ts";
import { area, circle, ellipse, group, line, rectangle, trace } from "./svg.ts";

/** Draws a scarf around the neck; `top` is the height of its upper edge. */
export function drawScarf(dice: Dice, { at, halfWidth }: Face, top: number): string {
  const { between } = dice;
  const colour = randomColour(dice);
  const { defs, fill } = makeFabric(dice, "scarf", colour, 0.5);
  const w = halfWidth + between(4, 10);
  const outline = trace`M${-w} ${top - 6}Q${at(0, top + 16)} ${w} ${top - 10}Q${w + 14} 66 ${w} 84
    Q0 ${between(98, 112)} ${-w} 84Q${-w - 14} 66 ${-w} ${top - 6}Z`;
  const folds = [8, 24].map((y) => trace`M${-w} ${top + y}Q0 ${top + y + 24} ${w} ${top + y - 6}`);
  return defs + area(outline, fill) + area(outline, "url(#shade)") +
    line(folds.join(""), darken(colour, 0.35), 2);
}

/** Draws a hand, sometimes gloved, from the side or from below, with its finger tips at `x`, `y`. */
export function drawHand(dice: Dice, { skin }: Face, x: number, y: number): string {
  const { between, chance, pick } = dice;
  const bare = darken(skin, between(0, 0.12));
  const colour = chance(0.12) ? pick(["#3b6fb5", "#e9eef2", "#20242c"]) : bare;
  const drawFinger = (d: string) => line(d, darken(colour, 0.35), 11.5) + line(d, colour, 9.5);
  const fingers = [2, -3, -2, 5].map((tip, i) =>
    drawFinger(trace`M34 ${i * 9.5 - 14}L${tip} ${i * 9.5 - 15}`)
  );
  return group(
    trace`translate(${x} ${y}) scale(${pick([-1, 1])} 1) rotate(${between(-15, 75)})`,
    line("M50 4L130 14", colour, 27), // arm and sleeve
    line("M90 10L140 17", randomColour(dice), 36),
    line("M42 -3L50 5", colour, 36), // palm
    ...fingers,
    drawFinger("M48 -14L26 -28"), // thumb
  );
}

/** Draws a cup, a microphone, a sheet of paper, or a bubble of gum. */
export function drawThing(dice: Dice, face: Face): string {
  const draw = dice.pick([drawCup, drawCup, drawMicrophone, drawMicrophone, drawPaper, drawGum]);
  return draw(dice, face);
}

function drawCup(dice: Dice, face: Face): string {
  const { between } = dice;
  const colour = randomColour(dice);
  const { defs, fill } = makeFabric(dice, "cup", colour, 0.3);
  const tall = between(26, 44);
  const side = area(trace`M-17 0L-13 ${tall}Q0 ${tall + 5} 13 ${tall}L17 0Z`, fill);
  const place = face.at(between(-6, 6), between(22, 32), 6);
  const cup = group(`translate(${place})`, side, ellipse(0, 0, 17, 4, lighten(colour, 0.5)));
  return defs + cup + drawHand(dice, face, 4, 54);
}

function drawMicrophone(dice: Dice, { at }: Face): string {
  const { between, pick } = dice;
  const size = between(9, 14);
  return line(trace`M${at(0, 44, 8)}L${between(-20, 20)} 120`, "#1c1c20", 10) +
    circle(at(0, 38, 8), size + 1, "#111111") +
    circle(at(0, 38, 8), size, pick(["#2b2b30", "#8e9196", randomColour(dice)]));
}

function drawPaper(dice: Dice): string {
  const { between } = dice;
  const colour = lighten(randomColour(dice), 0.5);
  const top = between(16, 26);
  const text = [12, 22, 32].map((y) => trace`M-40 ${top + y}H${between(0, 40)}`);
  return group(
    trace`rotate(${between(-8, 8)})`,
    rectangle(-50, top, 100, 120, colour),
    line(text.join(""), darken(colour, 0.5), 2),
  );
}

function drawGum({ between }: Dice, { at }: Face): string {
  return circle(at(0, 33, 8), between(8, 18), "#f08fb0", 0.9);
}
