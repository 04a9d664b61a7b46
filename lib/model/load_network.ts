/** Loads a saved model by its URL, on any engine. */
import { readFile } from "../engine/package_files.ts";
import { buildNetwork, type TensorFlow } from "./build_network.ts";
import { countWeightBytes, parseModelJson } from "./model_json.ts";

/**
 * Loads a saved model from the disk or from the network.
 *
 * @param tf TensorFlow.js, with a backend.
 * @param folder The URL of the model's folder, with a slash at its end.
 * @returns the result of {@linkcode buildNetwork}; the caller disposes the model
 * @throws {Error} if a file is missing or damaged, with the reason as the cause
 */
export async function loadNetwork(
  tf: TensorFlow,
  folder: URL,
): Promise<Awaited<ReturnType<typeof buildNetwork>>> {
  const file = new URL("model.json", folder);
  const text = new TextDecoder().decode(await readFile(file));
  try {
    const json = parseModelJson(text);
    const names = json.weightsManifest.flatMap(({ paths }) => paths);
    const parts = await Promise.all(names.map((name) => readFile(new URL(name, folder))));
    const weights = await new Blob(parts).arrayBuffer();
    const needed = countWeightBytes(json);
    if (weights.byteLength !== needed) {
      throw new RangeError(`${names} has ${weights.byteLength} bytes, the layers need ${needed}`);
    }
    return await buildNetwork(tf, json, weights);
  } catch (cause) {
    throw new Error(`${file} or its weights are damaged: ${(cause as Error).message}`, { cause });
  }
}
