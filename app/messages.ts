/** What the page and its worker say to each other. */
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** From the page, first of all: load the networks. */
export interface StartRequest {
  /** The engine that is to be tried first. */
  backend: string | null;
}

/** From the page, after the answer to the one before: find the faces of a picture. */
export interface FindRequest {
  /** A photo's file, or a frame, which is handed over. */
  picture: Blob | ImageBitmap;
  options: DetectOptions;
}

/** What was found in a picture. */
export interface FoundMasks {
  /** Of the upright picture, in pixels. */
  width: number;
  height: number;
  faces: MaskDetection[];
}

/** What the worker tells about itself when it is ready. */
export interface EngineInfo {
  /** "webgpu", "webgl", "wasm" or "cpu". */
  backend: string;
  classes: readonly ClassName[];
  /** Where the classifier's photos came from. */
  trainedOn: string;
}

/** From the worker. */
export type Answer =
  | { kind: "ready"; info: EngineInfo }
  /** Nothing will work. */
  | { kind: "broken"; reason: string }
  | { kind: "found"; found: FoundMasks }
  /** It is no picture that this browser can read. */
  | { kind: "unreadable"; reason: string }
  | { kind: "failed"; reason: string };
