/** Occludes a part of some photos by a rectangle of one colour. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../engine/tensorflow.ts";
import type { Random } from "../../types.ts";

/** The sides of the rectangle, as a share of the photo's side: it never hides the whole mask. */
const SIDES = [0.08, 0.35] as const;

/**
 * Occludes a part of some photos, as in {@linkcode augmentBatch}; needs `tf.tidy`.
 *
 * Source: DeVries and Taylor, 2017, https://arxiv.org/abs/1708.04552
 */
export function cutOut(x: Tensor4D, random: Random, share: number): Tensor4D {
  if (share === 0) return x;
  const [n, height, width] = x.shape;
  /** Marks the pixels of a random interval of the side by 1, others by 0. */
  const markStretch = (side: number, hidden: boolean) => {
    const length = (SIDES[0] + (SIDES[1] - SIDES[0]) * random()) * side;
    const start = random() * (side - length);
    return Array.from(
      { length: side },
      (_, pixel) => Number(hidden && pixel >= start && pixel < start + length),
    );
  };
  const rows: number[][] = [], columns: number[][] = [], colours: number[][] = [];
  for (let photo = 0; photo < n; photo++) {
    const hidden = random() < share;
    rows.push(markStretch(height, hidden));
    columns.push(markStretch(width, hidden));
    colours.push([random(), random(), random()]);
  }
  const hidden = tf.mul(
    tf.reshape(tf.tensor2d(rows), [n, height, 1, 1]),
    tf.reshape(tf.tensor2d(columns), [n, 1, width, 1]),
  );
  const colour = tf.reshape(tf.tensor2d(colours), [n, 1, 1, 3]);
  return tf.add(tf.mul(x, tf.sub(1, hidden)), tf.mul(colour, hidden)) as Tensor4D;
}
