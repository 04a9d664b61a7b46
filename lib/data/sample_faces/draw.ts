/** Draws one face as SVG, from the parts in the other files. */
import type { Random } from "../../types.ts";
import { type Dice, makeDice } from "./chance.ts";
import { drawHand, drawScarf, drawThing } from "./confusers.ts";
import { type Face, makeFace } from "./face.ts";
import { drawGlasses, drawHair } from "./hair.ts";
import { drawHead } from "./head.ts";
import { drawIdleMask, drawMask } from "./masks.ts";
import { defineShade, drawBackground, drawBody, drawLight } from "./scene.ts";
import { group, picture, trace } from "./svg.ts";

/**
 * Draws a face as SVG text, 200 units high and 150 to 240 wide.
 *
 * @param random The source of all random choices.
 * @param masked Whether a mask covers nose and mouth. Hands, scarves, cups and masks under the chin do not count.
 * @example
 * ```ts
 * import { seededRandom } from "../../random.ts";
 * import { drawSampleFace } from "./draw.ts";
 *
 * const drawing = drawSampleFace(seededRandom(1), true);
 * console.log(drawing.slice(0, 38)); // <svg xmlns="http://www.w3.org/2000/svg
 * ```
 */
export function drawSampleFace(random: Random, masked: boolean): string {
  const dice = makeDice(random);
  const { between, chance } = dice;
  const face = makeFace(dice);
  const width = chance(0.5) ? 200 : between(150, 240);
  const scale = chance(0.06) ? between(0.65, 1) : between(1.05, 1.4);
  const pose = trace`translate(${between(-10, 10)} ${between(-13, 1)}) scale(${scale})`;
  const tilt = trace`rotate(${chance(0.85) ? between(-10, 10) : between(-25, 25)} 0 50)`;
  const hair = drawHair(dice, face);
  return picture(
    width,
    200,
    defineShade(),
    drawBackground(dice),
    group(
      pose,
      group(tilt, hair.back),
      drawBody(dice, face),
      group(
        tilt,
        drawHead(dice, face),
        masked ? drawMask(dice, face) : "",
        hair.front,
        chance(0.22) ? drawGlasses(dice, face) : "",
        masked ? confuseMasked(dice, face) : confuseBare(dice, face),
      ),
    ),
    drawLight(dice),
  );
}

function confuseMasked(dice: Dice, face: Face): string {
  const { between, chance } = dice;
  if (chance(0.08)) return drawHand(dice, face, between(-10, 10), between(14, 50));
  return chance(0.08) ? drawScarf(dice, face, between(40, 60)) : "";
}

function confuseBare(dice: Dice, face: Face): string {
  const { between, chance, pick } = dice;
  if (chance(0.7)) return "";
  return pick([
    () => drawIdleMask(dice, face),
    () => drawHand(dice, face, between(-12, 12), between(20, 50)),
    () => drawScarf(dice, face, between(38, 60)),
    () => drawThing(dice, face),
  ])();
}
