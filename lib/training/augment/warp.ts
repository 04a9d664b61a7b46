/** Mirrored, turned, resized and moved: one affine map a photo. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { transformPhotos } from "../../engine/native_ops.ts";
import type { Random } from "../../types.ts";

/** The most that a lying face is turned by, in degrees. */
const LYING = 105;

/** As {@linkcode augmentBatch}: maps the photos, inside `tf.tidy`. */
export function warp(
  x: Tensor4D,
  random: Random,
  { mirror, rotation, zoom, shift, lying = 0 }: {
    mirror: number;
    rotation: number;
    zoom: number;
    shift: number;
    /** @default 0 */
    lying?: number;
  },
): Tensor4D {
  const [n, height, width] = x.shape;
  const around = (most: number) => most * (2 * random() - 1);
  const maps = Array.from({ length: n }, () => {
    const isLying = lying > 0 && random() < lying; // draws no number where none lies
    const angle = around(isLying ? LYING : rotation) * Math.PI / 180;
    const size = (1 - zoom) ** around(1), stretch = (1 - zoom / 3) ** around(1);
    const flip = random() < mirror ? -1 : 1;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    // From the place in the output to the place in the input, both from the middle.
    const [a, b] = [flip * size * cos, -flip * size * sin];
    const [c, d] = [size * stretch * sin, size * stretch * cos];
    const [midX, midY] = [(width - 1) / 2, (height - 1) / 2];
    const toX = midX + around(shift) * width - a * midX - b * midY;
    const toY = midY + around(shift) * height - c * midX - d * midY;
    return [a, b, toX, c, d, toY, 0, 0];
  });
  return transformPhotos(x, maps, "REFLECT"); // black corners would be something to learn
}
