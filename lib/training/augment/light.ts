/** Simulates light from one side, coloured light, shadow, and other exposures. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../engine/tensorflow.ts";
import type { Random } from "../../types.ts";

/** The strength of the light on the lit side and in the shadow. */
const LIT = [0.6, 1.3] as const, SHADOW = [0.12, 1] as const;
/** Share of lights that are white. */
const WHITE_SHARE = 0.4;
/** The width of the transition between the lights, and its distance from the centre, as shares of the side. */
const FADE = [0.02, 0.5] as const, MIDDLE = 0.35;
/** Gamma is between the inverse of this and this. */
const GAMMA = 2;

/**
 * Changes the light of each photo; needs `tf.tidy`. A line at a random angle divides the photo, and each side gets
 * its own light colour and strength. Then the levels get a random gamma.
 *
 * @param x `[n, height, width, 3]` float32 RGB in 0..1; left unchanged
 * @returns the same shape and range
 */
export function relight(x: Tensor4D, random: Random): Tensor4D {
  const [n, height, width] = x.shape;
  const between = (least: number, most: number) => least + (most - least) * random();
  const photos = Array.from({ length: n }, () => {
    const angle = between(0, 2 * Math.PI), fade = between(...FADE);
    return {
      right: Math.cos(angle) / fade,
      down: Math.sin(angle) / fade,
      from: between(-MIDDLE, MIDDLE) / fade,
      gamma: GAMMA ** between(-1, 1),
      lit: pickLight(random, LIT),
      shadow: pickLight(random, SHADOW),
    };
  });
  const each = (number: (photo: typeof photos[number]) => number) =>
    tf.tensor4d(photos.map(number), [n, 1, 1, 1]);
  const colour = (light: (photo: typeof photos[number]) => number[]) =>
    tf.tensor4d(photos.flatMap(light), [n, 1, 1, 3]);
  const centred = (side: number) => Array.from({ length: side }, (_, i) => (i + 0.5) / side - 0.5);
  const columns = tf.tensor4d(centred(width), [1, 1, width, 1]);
  const rows = tf.tensor4d(centred(height), [1, height, 1, 1]);
  const distance = tf.add(
    tf.add(tf.mul(each(({ right }) => right), columns), tf.mul(each(({ down }) => down), rows)),
    each(({ from }) => from),
  );
  const shadow = colour(({ shadow }) => shadow);
  const lit = colour(({ lit }) => lit);
  const light = tf.add(shadow, tf.mul(tf.sigmoid(distance), tf.sub(lit, shadow)));
  const smallest = 1e-4; // keeps the power finite
  const exposed = tf.pow(tf.maximum(x, smallest), each(({ gamma }) => gamma));
  return tf.clipByValue(tf.mul(exposed, light), 0, 1) as Tensor4D;
}

/** Picks a gain for red, green and blue; the largest is the strength. */
function pickLight(random: Random, [least, most]: readonly [number, number]): number[] {
  const strength = least * (most / least) ** random();
  const depth = random() < WHITE_SHARE ? 0 : random();
  const colour = [random(), random(), random()];
  const brightest = Math.max(...colour, Number.EPSILON);
  return colour.map((level) => strength * (1 - depth * (1 - level / brightest)));
}
