/** What a place must offer so that networks run on photos there. Loads nothing. */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Size } from "../boxes.ts";
import type { Photo } from "../photo.ts";
import type { Box } from "../types.ts";

/** An engine, and two steps that each place does in its quickest way. */
export interface Platform {
  /** Any build of TensorFlow.js. */
  tf: Omit<typeof TensorFlow, "default">;
  /**
   * Cuts a box with its margin out of a photo and gives it another size.
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
   * Makes floats of bytes and divides them.
   *
   * @returns float32 of `shape`; the caller, or the `tf.tidy` around, disposes it
   */
  toFloats(bytes: Uint8Array, shape: number[], divisor: number): Tensor;
}
