/** A trained model and what one must know to use it, to a folder and back. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { dirname, join, resolve } from "node:path";
import { mkdir } from "node:fs/promises";
import { PACKAGE_FOLDER } from "../engine/package_files.ts";
import { digestModel } from "../engine/model_digest.ts";
import { tf } from "../engine/tensorflow.ts";
import { readRegularFile, removeIfThere, withWorkFolder, writeWhole } from "../files.ts";
import { buildNetwork } from "./build_network.ts";
import { loadNetwork } from "./load_network.ts";
import {
  countWeightBytes,
  type ModelInfo,
  type ModelJson,
  parseModelJson,
  PREPROCESSING,
  type WeightSpec,
} from "./model_json.ts";

export { type ModelInfo, PREPROCESSING };

/** A model that knows its classes. The caller disposes `model`. */
export interface Classifier {
  model: LayersModel;
  info: ModelInfo;
}

/** A model as TensorFlow.js gives it to be saved. */
type Artifacts = Parameters<Parameters<typeof tf.io.withSaveHandler>[0]>[0];

/** Of `model.json`: those of the largest networks have less than 1 MB. */
const MAX_JSON_BYTES = 2 ** 24;
/** Of one file of weights. */
const MAX_WEIGHT_BYTES = 2 ** 28;
/** Where the new `model.json` lies within a model's folder until the weights are in their place. */
const PART = ".saving";
/** What may lie in a folder in which no model was saved yet: files of our own, and what a new disk holds. */
const HARMLESS = /^(\.|training\.|lost\+found$)/;

/**
 * Saves `model.json`, with SHA-256 digests of both files in it, and `weights.bin` in a folder. A model that
 * is there is replaced; what else lies beside it stays, and so does a link or a mount point. A process that
 * is killed at any moment leaves a folder from which {@linkcode loadClassifier} gives the old model or the
 * new one, or says that there is none.
 *
 * @param info `preprocessing` is filled in.
 * @throws {Deno.errors.AlreadyExists} if the folder holds something other than a saved model
 * @throws {Error} if it cannot be written, with the system's error as the cause
 */
export async function saveClassifier(
  { model, info }: { model: LayersModel; info: Omit<ModelInfo, "preprocessing"> },
  folder: string,
): Promise<void> {
  const target = await checkModelFolder(folder);
  try {
    const handler = tf.io.withSaveHandler(async (artifacts) => {
      await writeModel(target, artifacts, { ...info, preprocessing: PREPROCESSING });
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    });
    await withWorkFolder(join(target, PART), () => model.save(handler));
  } catch (error) {
    await Deno.remove(target).catch(() => {}); // if it is empty
    throw new Error(`no model could be saved in ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function writeModel(
  folder: string,
  { modelTopology, weightSpecs, weightData, format, generatedBy }: Artifacts,
  info: ModelInfo,
): Promise<void> {
  const weights = new Uint8Array(weightData as ArrayBuffer);
  const json = {
    modelTopology: modelTopology as object,
    format,
    generatedBy,
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs as WeightSpec[] }],
    userDefinedMetadata: { ...info } as ModelJson["userDefinedMetadata"],
  };
  json.userDefinedMetadata!.sha256 = await digestModel(json, weights);
  const part = (name: string) => join(folder, PART, name);
  await writeWhole(part("weights.bin"), weights);
  await writeWhole(part("model.json"), JSON.stringify(json));
  for (const name of ["weights.bin", "model.json"]) {
    await Deno.rename(part(name), join(folder, name));
    // Killed here, the new weights lie beside the old model.json: loadClassifier() takes the new one in its part.
  }
}

/**
 * Finds out whether a model can be saved there: nowhere yet, in an empty folder, or in the place of another
 * model, and where the system lets files be written. It may be a mount point or a link.
 *
 * @returns the folder that `folder` leads to; it need not exist yet
 * @throws {Deno.errors.AlreadyExists} if the folder holds something else
 * @throws {Error} if nothing can be written there, with the system's error as the cause
 */
export async function checkModelFolder(folder: string): Promise<string> {
  const target = await followLinks(resolve(folder));
  const old = await listFolder(target, folder);
  if (!old.includes("model.json") && old.some((name) => !HARMLESS.test(name))) {
    throw new Deno.errors.AlreadyExists(
      `${folder} holds no saved model but ${old.slice(0, 3).join(", ")}: choose another folder`,
    );
  }
  try {
    const made = await mkdir(target, { recursive: true });
    const probe = join(target, ".writable"); // of one name: killed here, it does not pile up
    await Deno.writeTextFile(probe, "");
    await removeIfThere(probe);
    if (made !== undefined) await removeIfThere(made);
  } catch (cause) {
    throw new Error(
      `no file can be written in ${folder}: choose another folder (${(cause as Error).message})`,
      { cause },
    );
  }
  return target;
}

/** The path that links lead to, of something that need not be there. */
async function followLinks(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return path; // told where it is used
    const link = await Deno.readLink(path).catch(() => undefined);
    return link === undefined ? path : await followLinks(resolve(dirname(path), link));
  }
}

async function listFolder(path: string, folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw new Deno.errors.AlreadyExists(`${folder} is not a folder: choose another one`, {
      cause: error,
    });
  }
}

/**
 * Loads what {@linkcode saveClassifier} saved: checks the files against their digests, and the network
 * before it is built. The caller disposes the model.
 *
 * @param folder Of a saved model. @default the model that comes with this package
 * @throws {Deno.errors.NotFound} if there is no `model.json` in the folder
 * @throws {Deno.errors.InvalidData} if it is damaged, or a field that is needed is missing or wrong
 */
export async function loadClassifier(
  folder?: string,
  { onWarning = console.warn }: {
    /** Told of a model without digests. @default console.warn */
    onWarning?: (message: string) => void;
  } = {},
): Promise<Classifier> {
  if (folder === undefined) {
    const { model, info } = await loadNetwork(tf, new URL("models/face-mask/", PACKAGE_FOLDER));
    return { model, info };
  }
  const file = join(folder, "model.json");
  try {
    const { hasDigests, ...classifier } = await readModel(folder, "model.json").catch(
      // Of a save that was killed between its last two steps.
      (error) => readModel(folder, join(PART, "model.json")).catch(() => Promise.reject(error)),
    );
    if (!hasDigests) onWarning(`${file} has no sha256: damage to the model cannot be noticed`);
    return classifier;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.PermissionDenied) {
      throw cause;
    }
    throw new Deno.errors.InvalidData(
      `${file} or its weights are damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function readModel(folder: string, name: string) {
  const text = await readRegularFile(join(folder, name), MAX_JSON_BYTES).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(
      `${folder} holds no model.json: is it the folder of a saved model?`,
      { cause },
    );
  });
  const json = parseModelJson(new TextDecoder().decode(text));
  return await buildNetwork(tf, json, await readWeights(folder, json));
}

/** All weights, in the manifest's order; nothing is read of files that are not as long as it says. */
async function readWeights(folder: string, json: ModelJson): Promise<ArrayBuffer> {
  const names = json.weightsManifest.flatMap(({ paths }) => paths);
  const files = names.map((name) => join(folder, name));
  const sizes = await Promise.all(files.map(async (file) => (await Deno.stat(file)).size))
    .catch((cause) => Promise.reject(new Error(cause.message, { cause }))); // of model.json it is not
  const [found, needed] = [sizes.reduce((sum, size) => sum + size, 0), countWeightBytes(json)];
  if (found !== needed) {
    throw new RangeError(`${names.join(", ")} has ${found} bytes, the layers need ${needed}`);
  }
  const parts = await Promise.all(files.map((file) => readRegularFile(file, MAX_WEIGHT_BYTES)));
  const { buffer } = parts.length === 1
    ? parts[0]!
    : new Uint8Array(await new Blob(parts).arrayBuffer());
  return buffer;
}
