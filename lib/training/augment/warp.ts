/** Mirrors, rotates, scales and shifts photos, by one affine map per photo. */
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { transformPhotos } from "../../engine/native_ops.ts";
import type { Random } from "../../types.ts";

/** The largest rotation of a lying face, in degrees. */
const LYING = 105;

/** Warps the photos, as in {@linkcode augmentBatch}; needs `tf.tidy`. */
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
    const isLying = lying > 0 && random() < lying; // draws no number if the share is 0
    const angle = around(isLying ? LYING : rotation) * Math.PI / 180;
    const size = (1 - zoom) ** around(1), stretch = (1 - zoom / 3) ** around(1);
    const flip = random() < mirror ? -1 : 1;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    // From positions in the output to positions in the input, both relative to the centre.
    const [a, b] = [flip * size * cos, -flip * size * sin];
    const [c, d] = [size * stretch * sin, size * stretch * cos];
    const [midX, midY] = [(width - 1) / 2, (height - 1) / 2];
    const toX = midX + around(shift) * width - a * midX - b * midY;
    const toY = midY + around(shift) * height - c * midX - d * midY;
    return [a, b, toX, c, d, toY, 0, 0];
  });
  return transformPhotos(x, maps, "REFLECT"); // black corners could be learned
}
