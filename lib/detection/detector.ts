/** The detector of faces on Deno, with the native library. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { installKernels } from "../engine/kernels.ts";
import { bytesToFloats } from "../engine/native_ops.ts";
import { PACKAGE_FOLDER } from "../engine/package_files.ts";
import type { Platform } from "../engine/platform.ts";
import { tf } from "../engine/tensorflow.ts";
import { resizePhoto } from "../images/decode_image.ts";
import { createDetector, type Detector } from "./find_faces.ts";
import { DETECTOR_FOLDER, readNetwork } from "./read_network.ts";

export { type DetectOptions, type Detector, findFaces, MIN_SCORE } from "./find_faces.ts";

/** tfjs-node and libvips: the quickest here. */
export const PLATFORM: Platform = { tf, resize: resizePhoto, toFloats: bytesToFloats };

/**
 * Loads the face detector.
 *
 * @param folder What `saveDetector` has written. @default the detector that comes with this package
 * @throws {Deno.errors.InvalidData} if a file is missing or damaged
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
export async function loadDetector(folder?: string): Promise<Detector> {
  installKernels();
  const address = folder === undefined
    ? new URL(DETECTOR_FOLDER, PACKAGE_FOLDER)
    : pathToFileURL(`${resolve(folder)}/`);
  try {
    return createDetector(await readNetwork(tf, address), PLATFORM);
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `the face detector's files are missing or damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}
