/** Simulates JPEG compression losses by rounding the frequencies of 8 x 8 blocks. */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../engine/tensorflow.ts";
import type { Random } from "../../types.ts";

const SIDE = 8;
/** RGB to luma and two chroma channels, as in JFIF, as columns of a matrix. */
const TO_YCC = [[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]];
const TO_RGB = [[1, 1, 1], [0, -0.344136, 1.772], [1.402, -0.714136, 0]];
/** Annex K of ITU-T T.81, tables K.1 (luma) and K.2 (chroma), for a quality of 50. */
// deno-fmt-ignore
const LUMA_STEPS = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
// deno-fmt-ignore
const CHROMA_STEPS = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
  ...Array(32).fill(99),
];
/** The range of the quality; 100 would be almost without losses. */
const QUALITY = [15, 80] as const;

/** Applies JPEG losses at one random quality per photo, as in {@linkcode augmentBatch}; needs `tf.tidy`. */
export function compress(x: Tensor4D, random: Random): Tensor4D {
  const [n, height, width] = x.shape;
  const pad = [height, width].map((side) => (SIDE - side % SIDE) % SIDE) as [number, number];
  const whole = tf.pad4d(x, [[0, 0], [0, pad[0]], [0, pad[1]], [0, 0]], 0.5);
  const [rows, columns] = [(height + pad[0]) / SIDE, (width + pad[1]) / SIDE];
  // The factor of the tables for a quality, as in the Independent JPEG Group's library.
  const scales = Array.from({ length: n }, () => {
    const quality = QUALITY[0] + (QUALITY[1] - QUALITY[0]) * random();
    return (quality < 50 ? 50 / quality : 2 - quality / 50) / 255;
  });
  const tables = tf.reshape(
    tf.tensor1d([...LUMA_STEPS, ...CHROMA_STEPS, ...CHROMA_STEPS]),
    [1, 1, 1, 3, SIDE, SIDE],
  );
  const steps = tf.mul(tables, tf.reshape(tf.tensor1d(scales), [n, 1, 1, 1, 1, 1]));

  const cosines = tf.tensor2d(makeCosines());
  const ycc = multiply(whole, tf.tensor2d(TO_YCC));
  const blocks = tf.transpose(
    tf.reshape(ycc, [n, rows, SIDE, columns, SIDE, 3]),
    [0, 1, 3, 5, 2, 4],
  );
  const frequencies = turn(turn(blocks, cosines), cosines);
  const rounded = tf.mul(tf.round(tf.div(frequencies, steps)), steps);
  const back = tf.transpose(cosines);
  const lossy = tf.transpose(turn(turn(rounded, back), back), [0, 1, 4, 2, 5, 3]);
  const rgb = multiply(tf.reshape(lossy, whole.shape), tf.tensor2d(TO_RGB)) as Tensor4D;
  return tf.clipByValue(tf.slice(rgb, 0, x.shape), 0, 1);
}

/** Multiplies the last axis by a matrix. */
function multiply(x: Tensor, matrix: Tensor2D): Tensor {
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, matrix.shape[0]]), matrix), x.shape);
}

/** Multiplies rows by the matrix, then transposes: two calls transform both directions. */
function turn(blocks: Tensor, matrix: Tensor2D): Tensor {
  return tf.transpose(multiply(blocks, matrix), [0, 1, 2, 3, 5, 4]);
}

/** Makes the orthonormal discrete cosine transform of 8 numbers, one frequency per column. */
function makeCosines(): number[][] {
  return Array.from({ length: SIDE }, (_, pixel) =>
    Array.from(
      { length: SIDE },
      (_, frequency) =>
        Math.sqrt((frequency === 0 ? 1 : 2) / SIDE) *
        Math.cos((2 * pixel + 1) * frequency * Math.PI / (2 * SIDE)),
    ));
}
