/** Occludes a part of the face by another person's head, as in a crowd. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { transformPhotos } from "../../engine/native_ops.ts";
import { tf } from "../../engine/tensorflow.ts";
import type { Random } from "../../types.ts";

/** Half the width of the head, and its overlap with the photo, as shares of the side. From below the overlap is
 * smaller, so that masks at the chin stay visible. */
const RADIUS = [0.2, 0.45] as const,
  FROM_SIDE = [0.1, 0.38] as const,
  FROM_BELOW = [0.08, 0.25] as const;
/** The height of a head relative to its width. */
const HEIGHT = 1.2;

/**
 * Covers a part of some photos with an ellipse from the next photo of the batch; needs `tf.tidy`. Half of the
 * heads come from below, the others from the sides.
 *
 * Source of occlusion by other training photos: Yun et al., 2019, CutMix, https://arxiv.org/abs/1905.04899. Here
 * the label remains that of the occluded face, which is larger.
 */
export function coverByHeads(x: Tensor4D, random: Random, share: number): Tensor4D {
  const [n, height, width] = x.shape;
  if (share === 0 || n < 2) return x;
  const between = (least: number, most: number) => least + (most - least) * random();
  const heads = Array.from({ length: n }, () => {
    const radius = between(...RADIUS), edge = random();
    const [least, most] = edge < 0.5 ? FROM_BELOW : FROM_SIDE;
    const reach = between(least, most);
    const along = random(), isCovered = random() < share;
    const across = edge < 0.5 ? along : edge < 0.75 ? reach - radius : 1 - reach + radius;
    const down = edge < 0.5 ? 1 - reach + HEIGHT * radius : 0.4 + 0.6 * along;
    return { across, down, radius, isCovered };
  });
  // From pixels of the result to those of the other photo, scaled to the size of the head.
  const maps = heads.map(({ across, down, radius }) => {
    const scale = 0.5 / (HEIGHT * radius);
    const [toX, toY] = [width * (0.5 - across * scale), height * (0.5 - down * scale)];
    return [scale, 0, toX, 0, scale, toY, 0, 0];
  });
  const others = tf.concat([tf.slice(x, 1), tf.slice(x, 0, 1)]) as Tensor4D;
  const moved = transformPhotos(others, maps, "REFLECT");
  const each = (number: (head: typeof heads[number]) => number) =>
    tf.tensor4d(heads.map(number), [n, 1, 1, 1]);
  const columns = tf.reshape(tf.range(0, width), [1, 1, width, 1]);
  const rows = tf.reshape(tf.range(0, height), [1, height, 1, 1]);
  const right = tf.div(
    tf.sub(columns, each(({ across }) => across * width)),
    each(({ radius }) => radius * width),
  );
  const below = tf.div(
    tf.sub(rows, each(({ down }) => down * height)),
    each(({ radius }) => HEIGHT * radius * height),
  );
  const isInside = tf.cast(tf.less(tf.add(tf.square(right), tf.square(below)), 1), "float32");
  const cover = tf.mul(isInside, each(({ isCovered }) => Number(isCovered)));
  return tf.add(x, tf.mul(cover, tf.sub(moved, x))) as Tensor4D;
}
