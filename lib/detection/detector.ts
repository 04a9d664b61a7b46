/** The detector of faces on Deno, with the native library. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bytesToFloats } from "../engine/native_ops.ts";
import { findPackage, PACKAGE_FOLDER } from "../engine/package_files.ts";
import type { Platform } from "../engine/platform.ts";
import { tf } from "../engine/tensorflow.ts";
import { resizePhoto } from "../images/decode_image.ts";
import { createDetector, type Detector } from "./find_faces.ts";
import { chooseRunLayer } from "./native_layer.ts";
import { FACE_API, FACE_API_WEIGHTS, SECOND_LOOK_WEIGHTS } from "./read_weights.ts";
import { loadSsdNetwork, type SsdNetwork } from "./ssd_network.ts";

export { type DetectOptions, type Detector, findFaces, MIN_SCORE } from "./find_faces.ts";

/** tfjs-node and libvips: the quickest here. */
const PLATFORM: Platform = { tf, resize: resizePhoto, toFloats: bytesToFloats };

/**
 * Loads the face detector of `@vladmandic/face-api`, an SSD on MobileNetV1 trained on WIDER FACE, whose
 * weights lie in the installed package; and a second look of this project's, which corrects its smaller
 * boxes and their scores (see `trainSecondLook`).
 *
 * @throws {Deno.errors.InvalidData} if weights are missing or damaged
 * @example
 * ```ts
 * import { findFaces, loadDetector } from "./detector.ts";
 *
 * const detector = await loadDetector();
 * const wall = { width: 64, height: 48, pixels: new Uint8Array(64 * 48 * 3).fill(200) };
 * console.log(await findFaces(detector, wall)); // []
 * detector.dispose();
 * ```
 */
export async function loadDetector(
  { secondLook }: {
    /**
     * The folder of what corrects the package's boxes, or none.
     *
     * @default the package's models/second_look
     */
    secondLook?: string | false;
  } = {},
): Promise<Detector<SsdNetwork>> {
  const corrections = secondLook === undefined
    ? new URL("models/second_look/", PACKAGE_FOLDER)
    : secondLook && pathToFileURL(`${resolve(secondLook)}/`);
  try {
    const manifests = [
      new URL(FACE_API_WEIGHTS, new URL("model/", findPackage(FACE_API))),
      ...corrections ? [new URL(SECOND_LOOK_WEIGHTS, corrections)] : [],
    ];
    return createDetector(await loadSsdNetwork(tf, manifests, chooseRunLayer()), PLATFORM);
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `the face detector's weights are missing or damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}
