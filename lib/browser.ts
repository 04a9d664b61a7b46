/**
 * Finds faces and classifies them without Deno and without the native library: in pages and workers, on
 * Node and on Bun, with TensorFlow.js on WebAssembly. The same networks and the same steps as in `mod.ts`.
 */
import * as tf from "npm:@tensorflow/tfjs-core@4.22.0";
import { setWasmPaths } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
import { layers, type LayersModel, models } from "npm:@tensorflow/tfjs-layers@4.22.0";
import {
  createDetector,
  type DetectOptions,
  type Detector,
  findFaces,
} from "./detection/find_faces.ts";
import type { FaceBox } from "./detection/face_network.ts";
import { readNetwork } from "./detection/read_network.ts";
import { findPackage, PACKAGE_FOLDER, toAddress, toPath } from "./engine/package_files.ts";
import type { Platform } from "./engine/platform.ts";
import { type Pixels, readRgb } from "./images/read_rgb.ts";
import { resamplePhoto } from "./images/resample.ts";
import {
  classifyBoxes,
  type FaceClassifier,
  findMasks,
  type MaskDetection,
  type MaskOptions,
} from "./inference/find_masks.ts";
import { loadNetwork } from "./model/load_network.ts";
import type { ModelInfo } from "./model/model_json.ts";
import type { Prediction } from "./model/predictions.ts";
import { countPhotos } from "./photo.ts";
import type { Box, ClassName } from "./types.ts";

export { CLASS_STYLES, type ClassStyle } from "./class_style.ts";
export type {
  Box,
  ClassName,
  DetectOptions,
  FaceBox,
  MaskDetection,
  MaskOptions,
  ModelInfo,
  Pixels,
  Prediction,
};

/** Where to find the files, and what runs them. */
export interface MaskFinderOptions {
  /**
   * Addresses of folders, relative to the page or to the current folder. Needed in pages; elsewhere the
   * files are found in this package and in those that it depends on.
   */
  folders?: {
    /** Of a saved model: `model.json` and `weights.bin`. @default the package's `models/face-mask` */
    classifier?: string | URL;
    /** Of the detector: `model.json` and `weights.bin`. @default the package's `models/face-detector` */
    detector?: string | URL;
    /** The folder `dist` of `@tensorflow/tfjs-backend-wasm`. */
    wasm?: string | URL;
  };
  /** A backend of TensorFlow.js that the program has registered. @default "wasm" */
  backend?: string;
}

/** Both networks, in memory. */
export interface MaskFinder {
  /** What the classifier knows, and what it was trained on. */
  info: ModelInfo;
  /**
   * Finds the faces of a photo and classifies each.
   *
   * @returns the faces, most confident first; none where there is no face
   * @throws {RangeError} if the pixels or an option are out of their range
   */
  findMasks(photo: Pixels, options?: MaskOptions): Promise<MaskDetection[]>;
  /** Finds the faces of a photo, and leaves them unclassified. */
  findFaces(photo: Pixels, options?: DetectOptions): Promise<FaceBox[]>;
  /**
   * Classifies faces whose boxes are known.
   *
   * @param boxes In pixels of the photo. @default the whole photo, a crop of one face
   * @returns one prediction per box, in order
   * @throws {RangeError} if a box lies outside the photo
   */
  classifyFaces(photo: Pixels, boxes?: readonly Box[]): Promise<Prediction[]>;
  /** Frees the memory of both networks. */
  dispose(): void;
}

/** TensorFlow.js's own ways, which all its backends have. */
const PLATFORM: Platform = {
  tf,
  resize: resamplePhoto,
  toFloats: (bytes, shape, divisor) =>
    tf.tidy(() => tf.div(tf.tensor(Float32Array.from(bytes), shape), divisor)),
};

/**
 * Loads the detector and the classifier.
 *
 * @throws {RangeError} if the backend is not registered, or does not run here
 * @throws {Error} if a file is missing or damaged, or a folder must be given
 * @example
 * ```ts
 * import { loadMaskFinder } from "./browser.ts";
 *
 * const finder = await loadMaskFinder();
 * const wall = { width: 64, height: 48, pixels: new Uint8Array(64 * 48 * 3).fill(200) };
 * console.log(await finder.findMasks(wall)); // []
 * finder.dispose();
 * ```
 */
export async function loadMaskFinder(
  { folders = {}, backend = "wasm" }: MaskFinderOptions = {},
): Promise<MaskFinder> {
  const find = (name: string, folder: string) => {
    const found = findPackage(name);
    return found && new URL(folder, found);
  };
  const own = (folder: string) => new URL(`models/${folder}/`, PACKAGE_FOLDER);
  const locate = (name: keyof typeof folders, expect: () => URL | undefined): URL => {
    const folder = folders[name];
    const found = folder ? toAddress(String(folder).replace(/\/?$/, "/")) : expect();
    if (found) return found;
    throw new Error(`folders.${name} must be an address in a page, got nothing`);
  };
  await setBackend(
    backend,
    () => locate("wasm", () => find("@tensorflow/tfjs-backend-wasm", "dist/")),
  );
  const network = await readNetwork(
    { ...tf, models },
    locate("detector", () => own("face-detector")),
  );
  const detector = createDetector(network, PLATFORM);
  try {
    const { model, info } = await loadNetwork(
      { ...tf, layers, models },
      locate("classifier", () => own("face-mask")),
    );
    return makeFinder(detector, model, info);
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

function makeFinder(detector: Detector, model: LayersModel, info: ModelInfo): MaskFinder {
  const classifier: FaceClassifier = {
    info,
    async predict(faces) {
      const shape = [countPhotos(faces), faces.size, faces.size, 3];
      const scores = tf.tidy(() =>
        model.predictOnBatch(PLATFORM.toFloats(faces.pixels, shape, 255)) as tf.Tensor
      );
      return await scores.data<"float32">().finally(() => scores.dispose());
    },
  };
  return {
    info,
    findMasks: async (photo, options) =>
      await findMasks(detector, classifier, readRgb(photo), options),
    findFaces: async (photo, options) => await findFaces(detector, readRgb(photo), options),
    async classifyFaces(photo, boxes) {
      const { width, height } = photo;
      const whole = [{ left: 0, top: 0, width, height }];
      return await classifyBoxes(PLATFORM, classifier, readRgb(photo), boxes ?? whole);
    },
    dispose() {
      detector.dispose();
      model.dispose();
    },
  };
}

async function setBackend(name: string, findWasm: () => URL): Promise<void> {
  if (name === "wasm" && !tf.findBackend(name)) {
    setWasmPaths(toPath(findWasm()));
  }
  const isSet = await tf.setBackend(name).catch(() => false);
  if (!isSet) {
    throw new RangeError(`backend must be one that is registered and runs here, got ${name}`);
  }
}
