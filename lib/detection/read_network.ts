/** The detector's network from its files, on any engine of TensorFlow.js. Loads no engine. */
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import { checkDigests, type SavedJson } from "../engine/model_digest.ts";
import { readFile, readJson } from "../engine/package_files.ts";
import { createCenterNetwork } from "./center_network.ts";
import type { FaceNetwork } from "./face_network.ts";

/** What is needed of TensorFlow.js. */
type TensorFlow = Pick<typeof core, "dispose" | "io"> & Pick<typeof layers, "models">;

/** A `model.json` of the detector. */
interface NetworkJson extends SavedJson {
  modelTopology: object;
  weightsManifest: [{ paths: [string]; weights: core.io.WeightsManifestEntry[] }];
}

/** The folder of the package in which the detector lies: `model.json` and `weights.bin`. */
export const DETECTOR_FOLDER = "models/face-detector/";

/**
 * Reads the detector's network and checks its files against their digests.
 *
 * @param folder Its address ends in a slash.
 * @returns the network, which the caller disposes
 * @throws {Error} if a file is missing or damaged
 */
export async function readNetwork(tf: TensorFlow, folder: URL): Promise<FaceNetwork> {
  const json = await readJson(new URL("model.json", folder)) as NetworkJson;
  const [{ paths: [name], weights: specs }] = json.weightsManifest;
  const weights = await readFile(new URL(name, folder));
  await checkDigests(json, weights);
  const { modelTopology } = json;
  const model = await tf.models.modelFromJSON({ modelTopology } as never);
  try {
    const named = tf.io.decodeWeights(weights.buffer, specs);
    try {
      model.loadWeights(named);
    } finally {
      tf.dispose(named);
    }
    return createCenterNetwork(model);
  } catch (error) {
    model.dispose();
    throw error;
  }
}
