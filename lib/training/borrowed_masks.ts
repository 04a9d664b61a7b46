/** Puts a mask that someone wears onto a bare face: cloth and light that no drawing has. */
import type { Tensor3D } from "@tensorflow/tfjs-node";
import { Image } from "imagescript";
import { fitAffine } from "../detection/affine.ts";
import {
  expectFace,
  type FacePhoto,
  UNDER_MOUTH_SHARE,
  type Wear,
} from "../evaluation/drawn_masks.ts";
import { tf } from "../engine/tensorflow.ts";
import { CHIN, type Point } from "../detection/landmarks.ts";
import { transformPhotos } from "../engine/native_ops.ts";
import { makeDice } from "../data/sample_faces/chance.ts";
import { area, group, picture, trace } from "../data/sample_faces/svg.ts";
import type { Random } from "../types.ts";

/** Landmarks: upper and lower end of where masks begin, under the nose, upper and lower lip. */
const BRIDGE = [28, 29] as const, UNDER_NOSE = 33, UPPER_LIP = 51, LOWER_LIP = 57;
/** Places of the jaw that a mask is held by, from side to side. */
const JAW = [2, 5, CHIN, 11, 14] as const;
/** The jaw between the ears' lobes, where a mask is. */
const OUTLINE = Array.from({ length: 15 }, (_, i) => 1 + i);

/**
 * Puts one face's mask onto another: over the nose, or below the nose or the mouth, where it is worn
 * incorrectly. What is taken lies between the bridge of the nose and the jaw; an affine map brings it to its
 * new place.
 *
 * @param bare Is left as it is, as is `masked`. They should look the same way, see `measureTurn`.
 * @param size Side of both photos in pixels.
 * @param random Where all choices come from.
 * @returns pixels of the same shape
 * @throws {RangeError} if pixels or landmarks are not as many as they should be, or lie on one line
 */
export async function borrowMask(
  bare: FacePhoto,
  masked: FacePhoto,
  size: number,
  wear: Wear,
  random: Random,
): Promise<Uint8Array> {
  expectFace(bare, size);
  expectFace(masked, size);
  const top = onBridge(masked.landmarks, random());
  const held = [top, ...JAW.map((number) => masked.landmarks[number]!)];
  const places = choosePlaces(bare.landmarks, wear, random);
  // From the place in the output to the place in the input.
  const map = fitAffine(held.map((to, i) => ({ from: places[i]!, to })));
  const cover = await drawCover(masked.landmarks, top, size);
  const result = tf.tidy(() => {
    const toTensor = ({ pixels }: FacePhoto) => tf.tensor3d(pixels, [size, size, 3], "float32");
    const cloth = tf.concat([toTensor(masked), tf.tensor3d(cover, [size, size, 1])], 2);
    const moved = transformPhotos(tf.expandDims(cloth), [[...map.flat(), 0, 0]], "CONSTANT");
    const [colour, opacity] = tf.split(tf.squeeze(moved, [0]), [3, 1], 2);
    // A soft edge: the cloth of a photo has none that is sharper.
    const soft = tf.avgPool(opacity as Tensor3D, 3, 1, "same");
    const face = toTensor(bare);
    return tf.round(tf.add(face, tf.mul(soft, tf.sub(colour!, face))));
  });
  const pixels = Uint8Array.from(await result.data<"float32">());
  result.dispose();
  return pixels;
}

/** Where on the bare face the mask's upper edge goes, and then the places of {@linkcode JAW}. */
function choosePlaces(face: readonly Point[], wear: Wear, random: Random): Point[] {
  const { between, chance } = makeDice(random);
  const at = (number: number) => face[number]!;
  const [x, y] = at(UNDER_NOSE), [chinX, chinY] = at(CHIN);
  /** Lower by a share of the way from nose to chin. */
  const lower = (number: number, share: number): Point => [
    at(number)[0] + share * (chinX - x),
    at(number)[1] + share * (chinY - y),
  ];
  if (wear === "with_mask") {
    const slack = between(0, 0.1);
    return [onBridge(face, random()), ...JAW.map((i) => i === CHIN ? lower(i, slack) : at(i))];
  }
  if (chance(UNDER_MOUTH_SHARE)) {
    const slip = between(0.15, 0.4);
    return [
      mix(at(LOWER_LIP), at(CHIN), between(0, 0.4)),
      lower(4, 0.8 * slip),
      lower(6, slip),
      lower(CHIN, slip),
      lower(10, slip),
      lower(12, 0.8 * slip),
    ];
  }
  const slip = between(0, 0.15);
  return [
    mix(at(UNDER_NOSE), at(UPPER_LIP), between(-0.1, 0.35)),
    mix(at(3), at(4), random()),
    lower(5, slip),
    lower(CHIN, slip),
    lower(11, slip),
    mix(at(13), at(12), random()),
  ];
}

/** `[size, size]` float32: 1 where the mask is. */
async function drawCover(face: readonly Point[], top: Point, size: number): Promise<Float32Array> {
  const middle: Point = [mix(face[2]!, face[14]!, 0.5)[0], mix(face[2]!, face[CHIN]!, 0.5)[1]];
  // A little wider than the jaw, but not at its ends, where only the bands are.
  const corners = OUTLINE.map((number, i) =>
    mix(middle, face[number]!, i === 0 || i === OUTLINE.length - 1 ? 0.9 : 1.04)
  );
  const path = [...corners, top].map(([x, y]) => trace`${x} ${y}`).join("L");
  const place = trace`translate(${-size / 2} ${-size / 2})`; // a picture's middle is 0 0
  const drawing = picture(size, size, group(place, area(`M${path}Z`, "#ffffff")));
  const { bitmap } = await Image.renderSVG(drawing, size, Image.SVG_MODE_HEIGHT);
  return Float32Array.from({ length: size * size }, (_, i) => bitmap[4 * i + 3]! / 255);
}

function onBridge(face: readonly Point[], share: number): Point {
  return mix(face[BRIDGE[0]]!, face[BRIDGE[1]]!, share);
}

/** The place that lies `share` of the way from one to another. */
function mix(from: Point, to: Point, share: number): Point {
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
}
