/** The messages between the page and its worker. */
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** The page's first message: load the networks. */
export interface StartRequest {
  /** The backend to try first. */
  backend: string | null;
}

/** The page's request to find the faces of a picture, sent after the answer to the request before. */
export interface FindRequest {
  /** A photo's file, or a frame, which is transferred. */
  picture: Blob | ImageBitmap;
  options: DetectOptions;
}

/** The faces found in a picture. */
export interface FoundMasks {
  /** The size of the upright picture, in pixels. */
  width: number;
  height: number;
  faces: MaskDetection[];
}

/** The worker's description of itself when it is ready. */
export interface EngineInfo {
  /** "webgpu", "webgl", "wasm" or "cpu". */
  backend: string;
  classes: readonly ClassName[];
  /** The origin of the classifier's training photos. */
  trainedOn: string;
}

/** The worker's answer. */
export type Answer =
  | { kind: "ready"; info: EngineInfo }
  /** The networks cannot be loaded. */
  | { kind: "broken"; reason: string }
  | { kind: "found"; found: FoundMasks }
  /** This browser cannot read the picture. */
  | { kind: "unreadable"; reason: string }
  | { kind: "failed"; reason: string };
