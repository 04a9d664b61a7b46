/** Weights in one file and what they are in another, as TensorFlow.js keeps them. Loads no engine. */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import { readFile, readJson } from "../engine/package_files.ts";

/** The package that the detector's weights come with, in its folder `model`, and the file that describes them. */
export const FACE_API = "@vladmandic/face-api";
export const FACE_API_WEIGHTS = "ssd_mobilenetv1_model-weights_manifest.json";
/** The file of `models/second_look` that says what is in its weights. */
export const SECOND_LOOK_WEIGHTS = "weights_manifest.json";

/**
 * Reads weights.
 *
 * @param manifest The address of the file that says what they are.
 * @returns tensors by name, which the caller disposes
 * @throws {Error} if a file is missing or damaged
 */
export async function readWeights(
  { io }: Pick<typeof TensorFlow, "dispose" | "io">,
  manifest: URL,
): Promise<NamedTensorMap> {
  const [{ paths: [name], weights }] = await readJson(manifest) as [
    { paths: [string]; weights: Parameters<typeof io.decodeWeights>[1] },
  ];
  const { buffer } = await readFile(new URL(name, manifest));
  return io.decodeWeights(buffer, weights);
}
