/** What the rest of the chain knows of a network that finds faces: another can take its place. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Box } from "../types.ts";

/** A box that may hold a face. */
export interface FaceBox extends Box {
  /** How sure the detector is, in 0..1. */
  score: number;
}

/** A network in memory, and how its answers are read. The caller disposes it. */
export interface FaceNetwork {
  /**
   * Runs the network on one input.
   *
   * @param x `[1, height, width, 3]` float32 RGB in 0..255, of sides that `planViews` gives; is left as it is
   * @returns boxes in pixels of the input, of a score of `minScore` and more, several per face, in no order
   */
  findBoxes(x: Tensor4D, minScore: number): Promise<FaceBox[]>;
  dispose(): void;
}
