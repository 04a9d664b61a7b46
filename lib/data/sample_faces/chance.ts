/** Makes random choices for drawings: numbers, colours, fabrics. */
import type { Random } from "../../types.ts";
import { area, circle, pattern, rectangle, trace } from "./svg.ts";

export interface Dice {
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

export function makeDice(random: Random): Dice {
  return {
    between: (low, high) => low + (high - low) * random(),
    chance: (probability) => random() < probability,
    pick: <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T,
  };
}

/** `#rrggbb`. */
export type Colour = string;

/** Mixes two colours; `share` in 0..1 is the share of the second. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const channel = (colour: Colour, i: number) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
  return toHex([0, 1, 2].map((i) => channel(from, i) * (1 - share) + channel(to, i) * share));
}

export const darken = (colour: Colour, share: number) => mix(colour, "#000000", share);
export const lighten = (colour: Colour, share: number) => mix(colour, "#ffffff", share);

/** Picks a random colour, mostly a muted one. */
export function randomColour({ between }: Dice): Colour {
  return mix(toHex([0, 1, 2].map(() => between(0, 255))), "#8c8880", between(0, 0.7));
}

/** Formats three levels in 0..255 as a colour. */
export function toHex(channels: number[]): Colour {
  return "#" + channels.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("");
}

/** A colour, or a print on it: what to name in a `fill` once `defs` stands in the picture. */
interface Fabric {
  fill: string;
  defs: string;
}

/** A fabric of that colour, printed with a probability of `printed`; `id` is unique in the picture. */
export function makeFabric(dice: Dice, id: string, colour: Colour, printed: number): Fabric {
  const { between, chance, pick } = dice;
  if (!chance(printed)) return { fill: colour, defs: "" };
  const print = pick([drawDots, drawStripes, drawChecks, drawFlowers, drawCamouflage]);
  const ink = chance(0.5) ? randomColour(dice) : mix(colour, pick(["#ffffff", "#101018"]), 0.7);
  const size = between(4, 14);
  const ground = rectangle(0, 0, size + 1, size + 1, colour);
  const defs = pattern(id, size, between(-60, 60), ground, print(ink, size));
  return { fill: `url(#${id})`, defs };
}

function drawDots(ink: Colour, size: number): string {
  return circle(trace`${size / 2} ${size / 2}`, size / 4, ink);
}

function drawStripes(ink: Colour, size: number): string {
  return rectangle(0, 0, size, size / 2, ink);
}

function drawChecks(ink: Colour, size: number): string {
  return rectangle(0, 0, size, size / 2, ink, 0.6) + rectangle(0, 0, size / 2, size, ink, 0.6);
}

function drawFlowers(ink: Colour, size: number): string {
  const petals = [0, 72, 144, 216, 288].map((degrees) => {
    const angle = degrees * Math.PI / 180;
    const [x, y] = [0.5 + 0.25 * Math.sin(angle), 0.5 - 0.25 * Math.cos(angle)];
    return circle(trace`${x * size} ${y * size}`, size / 6, ink);
  });
  return petals.join("") + circle(trace`${size / 2} ${size / 2}`, size / 8, "#f4d03f");
}

function drawCamouflage(ink: Colour, size: number): string {
  const [a, b, c] = [0.3 * size, 0.6 * size, 0.8 * size];
  const patch = area(trace`M0 ${a}Q${a} ${-a} ${b} ${a}Q${size} ${c} ${a} ${b}Z`, ink);
  return patch + circle(trace`${c} ${c}`, size / 5, darken(ink, 0.4));
}
