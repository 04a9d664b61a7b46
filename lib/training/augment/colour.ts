/** Changes the colours of photos, by one matrix and one offset per photo. */
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../engine/tensorflow.ts";
import { LUMA } from "../../photo.ts";
import type { Random } from "../../types.ts";

/** Share of the photos that become grey, if colours are changed. */
const GREY_SHARE = 1 / 20;

/** Changes brightness, contrast, saturation and channel balance, as in {@linkcode augmentBatch}; needs `tf.tidy`. */
export function recolour(x: Tensor4D, random: Random, strength: number): Tensor4D {
  if (strength === 0) return x;
  const [n, height, width] = x.shape;
  const factor = (most: number) => Math.exp(most * strength * (2 * random() - 1));
  const matrices: number[][][] = [];
  const offsets: number[][][] = [];
  for (let photo = 0; photo < n; photo++) {
    const [brightness, contrast] = [factor(0.8), factor(0.8)];
    const saturation = random() < GREY_SHARE ? 0 : factor(1.2);
    const balance = LUMA.map(() => contrast * brightness * factor(0.3));
    matrices.push(
      LUMA.map((luma, from) =>
        balance.map((gain, to) => gain * ((1 - saturation) * luma + (from === to ? saturation : 0)))
      ),
    );
    offsets.push([balance.map(() => (1 - contrast) / 2)]);
  }
  const rows = tf.reshape(x, [n, height * width, 3]) as Tensor3D;
  const coloured = tf.add(tf.matMul(rows, tf.tensor3d(matrices)), tf.tensor3d(offsets));
  return tf.reshape(tf.clipByValue(coloured, 0, 1), x.shape) as Tensor4D;
}
