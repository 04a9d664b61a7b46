/** Applies changes to some photos of a batch. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../../engine/tensorflow.ts";
import { attribute, FLOAT, runOp } from "../../engine/native_ops.ts";
import type { Random } from "../../types.ts";

/** Changes a random share of the photos; the others and the order stay. */
export function onSome(
  x: Tensor4D,
  random: Random,
  share: number,
  change: (some: Tensor4D, random: Random) => Tensor4D,
): Tensor4D {
  if (share === 0) return x;
  const chosen: number[] = [], others: number[] = [];
  for (let photo = 0; photo < x.shape[0]; photo++) {
    (random() < share ? chosen : others).push(photo);
  }
  if (chosen.length === 0) return x;
  const take = (from: Tensor4D, indices: number[]) =>
    tf.gather(from, tf.tensor1d(indices, "int32"));
  const changed = change(take(x, chosen), random);
  if (others.length === 0) return changed;
  const order = [...chosen, ...others];
  const back = order.map((_, photo) => order.indexOf(photo));
  return take(tf.concat([changed, take(x, others)]), back);
}

/** The smallest and largest side of a reduced photo, as a share of its side. */
const REDUCED = [0.12, 0.6] as const;

/** Reduces each photo and enlarges it again, like a small, distant or badly focused face. */
export function blur(x: Tensor4D, random: Random): Tensor4D {
  const [, height, width] = x.shape;
  const triangle = [
    FLOAT,
    attribute.string("kernel_type", "triangle"),
    attribute.bool("antialias", true),
  ];
  const photos = tf.split(x, x.shape[0]).map((photo) => {
    const share = REDUCED[0] + (REDUCED[1] - REDUCED[0]) * random();
    const size = [height, width].map((side) => Math.max(1, Math.round(share * side)));
    const scale = [size[0]! / height, size[1]! / width];
    const small = runOp("ScaleAndTranslate", triangle, [
      photo,
      tf.tensor1d(size, "int32"),
      tf.tensor1d(scale),
      tf.tensor1d([0, 0]),
    ]) as Tensor4D;
    return tf.image.resizeBilinear(small, [height, width], false, true);
  });
  return tf.concat(photos);
}
