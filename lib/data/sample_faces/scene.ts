/** Draws the surroundings of a head: background, shoulders and clothes, light. */
import {
  type Colour,
  darken,
  type Dice,
  lighten,
  makeFabric,
  mix,
  randomColour,
} from "./chance.ts";
import type { Face } from "./face.ts";
import {
  area,
  circle,
  ellipse,
  line,
  linearGradient,
  pattern,
  radialGradient,
  rectangle,
  trace,
} from "./svg.ts";

/** Half the side of the drawn square; the picture shows a part of it. */
const REACH = 130;

/** Draws a background: plain, out of focus, striped, a street, a room, or leaves. */
export function drawBackground(dice: Dice): string {
  const { between, pick } = dice;
  const grey = pick(["#ffffff", "#808080", "#202020"]);
  const colour = mix(randomColour(dice), grey, between(0.1, 0.7));
  const [from, to] = [lighten(colour, between(0, 0.4)), darken(colour, between(0, 0.5))];
  const drawNothing = () => "";
  const details = [drawLights, drawLights, drawStripes, drawStreet, drawRoom, drawLeaves];
  const draw = pick([drawNothing, ...details]);
  return linearGradient("wall", [0, 0, between(0, 1), 1], [0, from], [1, to]) +
    coverAll("url(#wall)") + draw(dice, colour);
}

function coverAll(fill: string): string {
  return rectangle(-REACH, -REACH, 2 * REACH, 2 * REACH, fill);
}

/** Draws coloured lights out of focus. */
function drawLights(dice: Dice): string {
  const { between } = dice;
  return Array.from({ length: between(3, 8) }, (_, i) => {
    const colour = randomColour(dice);
    const centre = trace`${between(-REACH, REACH)} ${between(-REACH, REACH)}`;
    return radialGradient(`light${i}`, 0.5, [between(0.2, 0.9), colour, 0.7], [1, colour, 0]) +
      circle(centre, between(15, 60), `url(#light${i})`);
  }).join("");
}

function drawStripes(dice: Dice, colour: Colour): string {
  const { between } = dice;
  const size = between(6, 40);
  const ink = mix(randomColour(dice), colour, 0.5);
  const stripe = rectangle(0, 0, size * between(0.1, 0.6), size, ink);
  return pattern("stripes", size, between(-90, 90), stripe) + coverAll("url(#stripes)");
}

function drawStreet(dice: Dice): string {
  const { between, chance, pick } = dice;
  const horizon = between(10, 60);
  const houses = [];
  for (let x = -REACH; x < REACH;) {
    const [width, top] = [between(30, 80), between(-120, -10)];
    const wall = mix(randomColour(dice), "#8a8078", 0.6);
    const windows = [];
    for (let y = top + 10; y < horizon - 10; y += 22) {
      windows.push(trace`M${x + 6} ${y}h8v11h-8ZM${x + width - 16} ${y}h8v11h-8Z`);
    }
    houses.push(rectangle(x, top, width, horizon - top, wall));
    houses.push(area(windows.join(""), chance(0.5) ? darken(wall, 0.4) : "#ffe9a8"));
    x += width;
  }
  const sky = coverAll(pick(["#b9d4ea", "#dfe6ea", "#f2c9a0", "#1b2238"]));
  return sky + houses.join("") + rectangle(-REACH, horizon, 2 * REACH, REACH, "#6d6b69");
}

/** Draws furniture and a window. */
function drawRoom(dice: Dice): string {
  const { between } = dice;
  const boxes = Array.from({ length: between(3, 8) }, () => {
    const [x, y] = [between(-REACH, REACH), between(-REACH, 60)];
    return rectangle(x, y, between(10, 80), between(10, 90), randomColour(dice), 0.8);
  });
  const x = between(-REACH, 70);
  const frame = trace`M${x} -120h70v90h-70ZM${x + 35} -120v90M${x} -75h70`;
  return boxes.join("") + area(frame, "#e8f1f6") + line(frame, "#7a6a58", 4);
}

function drawLeaves({ between, pick }: Dice): string {
  return Array.from({ length: 24 }, () => {
    const colour = pick(["#2e5a2c", "#4f8a3c", "#7fae55", "#1f3d22", "#a9c77e"]);
    const [x, y] = [between(-REACH, REACH), between(-REACH, REACH)];
    return ellipse(x, y, between(6, 30), between(4, 20), colour);
  }).join("");
}

/** Draws neck, shoulders and clothes. */
export function drawBody(dice: Dice, { skin, halfWidth }: Face): string {
  const { between, pick } = dice;
  const colour = randomColour(dice);
  const { defs, fill } = makeFabric(dice, "clothes", colour, 0.25);
  const shaded = mix(skin, "#3a1206", 0.3);
  const [wide, neck] = [between(75, 105), halfWidth * between(0.48, 0.68)];
  const shoulders = trace`M${-neck - 4} 72Q${-wide} 84 ${-wide - 12} 400H${wide + 12}
    Q${wide} 84 ${neck + 4} 72Q0 ${between(78, 96)} ${-neck - 4} 72Z`;
  const deepNeck = trace`M${-neck} 72L0 ${between(95, 130)}L${neck} 72Z`;
  const collar = trace`M${-neck - 4} 66L-2 88L-18 104ZM${neck + 4} 66L2 88L18 104Z`;
  const rollNeck = rectangle(-neck - 4, between(50, 60), 2 * neck + 8, 36, darken(colour, 0.12));
  return rectangle(-neck, 20, 2 * neck, 70, shaded) + defs + area(shoulders, fill) +
    pick(["", "", area(deepNeck, shaded), area(collar, lighten(colour, 0.4)), rollNeck]);
}

/** Draws light from one side over the picture. */
export function drawLight({ between, pick }: Dice): string {
  const angle = between(0, 2 * Math.PI);
  const [x, y] = [Math.cos(angle) / 2, Math.sin(angle) / 2];
  const glow = pick(["#fff4d6", "#ffffff", "#cfe0ff"]);
  const [light, shade] = [between(0, 0.25), between(0, 0.35)];
  const ends = [0.5 - x, 0.5 - y, 0.5 + x, 0.5 + y] as const;
  return linearGradient("light", ends, [0.2, glow, light], [0.8, "#140c10", shade]) +
    coverAll("url(#light)");
}

/** Defines the shade of flat shapes: `url(#shade)` darkens them towards the lower edge. */
export function defineShade(): string {
  return linearGradient("shade", [0, 0, 0.3, 1], [0.3, "#000000", 0], [1, "#000000", 0.3]);
}
