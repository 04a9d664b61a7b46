/** Finds the eyes, nose, mouth and jaw of the face in a photo. */
import type { Tensor3D } from "@tensorflow/tfjs-node";
import { fromFileUrl } from "@std/path";
import { tf } from "./engine.ts";

/** A place in a photo, in pixels from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** Faces that the detector is less sure of are passed over. */
const MIN_CONFIDENCE = 0.3;

/**
 * Finds 68 places of the surest face, by the networks of `@vladmandic/face-api`: 0.1 to 0.2 s a photo.
 *
 * @param pixels `[size, size, 3]` uint8 RGB
 * @returns in the order of iBUG 300-W (Sagonas et al., 2013): jaw 0..16, brows 17..26, nose 27..35, eyes
 * 36..47, mouth 48..67; undefined where no face is found
 */
export async function findLandmarks(
  pixels: Uint8Array,
  size: number,
): Promise<Point[] | undefined> {
  const { detectSingleFace, SsdMobilenetv1Options } = await loadNetworks();
  const photo = tf.tensor3d(pixels, [size, size, 3], "int32");
  try {
    const face = await detectSingleFace(
      photo as Tensor3D & Parameters<typeof detectSingleFace>[0],
      new SsdMobilenetv1Options({ minConfidence: MIN_CONFIDENCE }),
    ).withFaceLandmarks();
    return face?.landmarks.positions.map(({ x, y }) => [x, y]);
  } finally {
    photo.dispose();
  }
}

let networks: ReturnType<typeof readNetworks> | undefined;

/** Once, and only where they are needed: 6 MB and a second. */
function loadNetworks() {
  return networks ??= readNetworks();
}

async function readNetworks() {
  // Not before the engine, which prepares what both of them load.
  const faceApi = await import("@vladmandic/face-api");
  const folder = fromFileUrl(import.meta.resolve("@vladmandic/face-api/model/"));
  await faceApi.nets.ssdMobilenetv1.loadFromDisk(folder);
  await faceApi.nets.faceLandmark68Net.loadFromDisk(folder);
  return faceApi;
}
