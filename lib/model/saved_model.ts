/** A trained model and what one must know to use it, to a folder and back. */
import { cp } from "node:fs/promises";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { basename, dirname, join, resolve } from "@std/path";
import { tf } from "../engine/tensorflow.ts";
import { writeWholeFolder } from "../files.ts";
import { checkInfo, type ModelInfo, PREPROCESSING, readArtifacts } from "./model_json.ts";

export { type ModelInfo, PREPROCESSING };

/** A model that knows its classes. The caller disposes `model`. */
export interface Classifier {
  model: LayersModel;
  info: ModelInfo;
}

/**
 * Saves `model.json` and `weights.bin` in a folder, which appears whole or not at all; one that is there
 * is replaced.
 *
 * @param info `preprocessing` is filled in.
 * @throws {Deno.errors.AlreadyExists} if the folder holds something other than a saved model
 * @throws {Error} if it cannot be written, with the system's error as the cause
 */
export async function saveClassifier(
  { model, info }: { model: LayersModel; info: Omit<ModelInfo, "preprocessing"> },
  folder: string,
): Promise<void> {
  const target = resolve(folder);
  const old = await checkModelFolder(target);
  try {
    const metadata = JSON.stringify({ ...info, preprocessing: PREPROCESSING }); // without what is undefined
    model.setUserDefinedMetadata(JSON.parse(metadata));
    await writeWholeFolder(target, async (part) => {
      await model.save(`file://${part}`);
      // What else lies beside the model, such as its card, stays.
      for (const name of old.filter((name) => name !== "model.json" && name !== "weights.bin")) {
        await cp(join(target, name), join(part, name), { recursive: true });
      }
    });
  } catch (error) {
    throw new Error(`no model could be saved in ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Whether a model can be saved there: nowhere yet, in an empty folder, or in the place of another model,
 * and where folders can be made.
 *
 * @returns what lies there now
 * @throws {Deno.errors.AlreadyExists} if the folder holds something else
 * @throws {Error} if no folder can be made beside it, with the system's error as the cause
 */
export async function checkModelFolder(folder: string): Promise<string[]> {
  const old = await listFolder(folder);
  if (old.length > 0 && !old.includes("model.json")) {
    throw new Deno.errors.AlreadyExists(
      `${folder} holds no saved model but ${old.slice(0, 3).join(", ")}: choose another folder`,
    );
  }
  await Deno.remove(await makeFolderBeside(resolve(folder)));
  return old;
}

async function makeFolderBeside(folder: string): Promise<string> {
  const [parent, name] = [dirname(folder), basename(folder)];
  try {
    await Deno.mkdir(parent, { recursive: true });
    return await Deno.makeTempDir({ dir: parent, prefix: `.${name}-` });
  } catch (cause) {
    throw new Error(`no folder ${name} can be made in ${parent}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw new Deno.errors.AlreadyExists(`${folder} is no folder: choose another one`, {
      cause: error,
    });
  }
}

/**
 * Loads what {@linkcode saveClassifier} saved. The caller disposes the model.
 *
 * @throws {Deno.errors.NotFound} if there is no `model.json` in the folder
 * @throws {Deno.errors.InvalidData} if it is damaged, or a field that is needed is missing or wrong
 */
export async function loadClassifier(folder: string): Promise<Classifier> {
  const file = join(folder, "model.json");
  const text = await Deno.readTextFile(file).catch((cause) => {
    if (cause instanceof Deno.errors.PermissionDenied) throw cause;
    throw new Deno.errors.NotFound(
      `${folder} holds no model.json: is it the folder of a saved model?`,
      { cause },
    );
  });
  let model: LayersModel;
  try {
    const { buffer } = await Deno.readFile(join(folder, "weights.bin"));
    model = await tf.loadLayersModel(tf.io.fromMemory(readArtifacts(JSON.parse(text), buffer)));
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `${file} or its weights are damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
  try {
    return { model, info: checkInfo(model) };
  } catch (cause) {
    model.dispose();
    throw new Deno.errors.InvalidData(`${file}: ${(cause as Error).message}`, { cause });
  }
}
