/** Defines what a platform must offer to run networks on photos. Imports nothing at run time. */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Size } from "../boxes.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/** An engine, and two steps that each platform implements in its fastest way. */
export interface Platform {
  /** Any build of TensorFlow.js. */
  tf: Omit<typeof TensorFlow, "default">;
  /**
   * Crops a box with its margin from a photo and resizes it.
   *
   * @returns `[height, width, 3]` uint8 RGB in 0..255
   * @throws {RangeError} if the box lies outside the photo
   */
  resize(
    photo: Photo,
    size: Size,
    options?: { box?: Box; margin?: number },
  ): Uint8Array | Promise<Uint8Array>;
  /**
   * Converts bytes to floats and divides them.
   *
   * @returns float32 of `shape`; the caller, or the surrounding `tf.tidy`, disposes it
   */
  toFloats(bytes: Uint8Array, shape: number[], divisor: number): Tensor;
}
