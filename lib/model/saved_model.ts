/** A trained model and what one must know to use it, to a folder and back. */
import { cp } from "node:fs/promises";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { basename, dirname, join, resolve } from "@std/path";
import { tf } from "../engine/tensorflow.ts";
import { CLASSES, type ClassName, type Task } from "../types.ts";

/** What is saved inside `model.json`, beside the layers. */
export interface ModelInfo {
  /** A class's place is its numeric label. */
  classes: readonly ClassName[];
  /** Side of the square input in pixels. */
  size: number;
  /** Around a face's box, as a share of its size; absent from a model of whole photos. */
  margin?: number;
  /** How pixels are prepared, in words: there is one way. */
  preprocessing: string;
  /** Where the photos came from that it was trained on. */
  trainedOn: string;
}

/** The one way in which {@linkcode decodeImage} and {@linkcode scaleImages} prepare photos. */
export const PREPROCESSING =
  "RGB, upright, alpha on white, resized to size x size (bilinear, anti-aliased), 0..1";

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
  const part = await makeFolderBeside(target);
  const aside = `${part}-old`;
  try {
    const metadata = JSON.stringify({ ...info, preprocessing: PREPROCESSING }); // without what is undefined
    model.setUserDefinedMetadata(JSON.parse(metadata));
    await model.save(`file://${part}`);
    // What else lies beside the model, such as its card, stays.
    for (const name of old.filter((name) => name !== "model.json" && name !== "weights.bin")) {
      await cp(join(target, name), join(part, name), { recursive: true });
    }
    await Deno.chmod(part, 0o755);
    if (old.length > 0) await Deno.rename(target, aside);
    await Deno.rename(part, target);
    if (old.length > 0) await Deno.remove(aside, { recursive: true });
  } catch (error) {
    await Deno.rename(aside, target).catch(() => {}); // if it had been put aside and nothing is in its place
    await Deno.remove(part, { recursive: true }).catch(() => {});
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
    model = await tf.loadLayersModel(
      tf.io.fromMemory(await readArtifacts(JSON.parse(text), folder)),
    );
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `${file} or its weights are damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
  try {
    return { model, info: checkInfo(model, file) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What tfjs writes into `model.json`; it has no name for this type that can be imported. */
interface SavedJson {
  modelTopology: object;
  userDefinedMetadata: object;
  weightsManifest: { weights: { name: string; shape: number[]; dtype: "float32" }[] }[];
}

/** The layers, and weights of the length that they need: tfjs would leave tensors behind otherwise. */
async function readArtifacts(json: SavedJson, folder: string): Promise<object> {
  const { modelTopology, userDefinedMetadata, weightSpecs } = checkJson(json);
  const { buffer } = await Deno.readFile(join(folder, "weights.bin"));
  const needed = weightSpecs.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((size, side) => size * side, 1),
    0,
  );
  if (buffer.byteLength !== needed) {
    throw new RangeError(`weights.bin has ${buffer.byteLength} bytes, the layers need ${needed}`);
  }
  return { modelTopology, userDefinedMetadata, weightSpecs, weightData: buffer };
}

/** What is needed of the JSON, if it has the form that tfjs writes: its own complaints name no field. */
function checkJson(json: Partial<SavedJson> | null) {
  const wrong = (field: string, wanted: string, found: unknown) =>
    new TypeError(`${field} should be ${wanted}, found ${JSON.stringify(found)}`);
  const { modelTopology, userDefinedMetadata, weightsManifest } = json ?? {};
  if (!(modelTopology instanceof Object)) throw wrong("modelTopology", "an object", modelTopology);
  const weightSpecs = weightsManifest?.[0]?.weights;
  if (!Array.isArray(weightSpecs)) {
    throw wrong("weightsManifest[0].weights", "a list", weightSpecs);
  }
  for (const [index, spec] of weightSpecs.entries()) {
    const field = `weightsManifest[0].weights[${index}]`;
    const { dtype, shape } = spec ?? {};
    if (dtype !== "float32") throw wrong(`${field}.dtype`, '"float32"', dtype);
    if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side > 0)) {
      throw wrong(`${field}.shape`, "a list of positive integers", shape);
    }
  }
  return { modelTopology, userDefinedMetadata, weightSpecs };
}

function checkInfo(model: LayersModel, file: string): ModelInfo {
  const info = model.getUserDefinedMetadata() as Partial<ModelInfo> | undefined;
  const wrong = (field: string, wanted: string, found: unknown) =>
    new Deno.errors.InvalidData(
      `${file}: userDefinedMetadata.${field} should be ${wanted}, found ${JSON.stringify(found)}`,
    );
  const tasks = Object.keys(CLASSES) as Task[];
  if (!tasks.some((task) => String(CLASSES[task]) === String(info?.classes))) {
    throw wrong(
      "classes",
      tasks.map((task) => JSON.stringify(CLASSES[task])).join(" or "),
      info?.classes,
    );
  }
  const outputs = info!.classes!.length === 2 ? 1 : 3;
  const outputShape = model.outputs[0]!.shape.slice(1);
  if (String(outputShape) !== String(outputs)) {
    throw wrong("classes", `those of the output [${outputShape}]`, info?.classes);
  }
  const shape = model.inputs[0]!.shape;
  if (
    !Number.isInteger(info?.size) || String(shape.slice(1)) !== String([info?.size, info?.size, 3])
  ) {
    throw wrong("size", `the side of the input [${shape.slice(1)}]`, info?.size);
  }
  const { margin, trainedOn } = info!;
  if (margin !== undefined && !(typeof margin === "number" && margin >= 0)) {
    throw wrong("margin", "0 or more, or absent", margin);
  }
  if (typeof trainedOn !== "string") throw wrong("trainedOn", "a text", trainedOn);
  if (info?.preprocessing !== PREPROCESSING) {
    throw wrong("preprocessing", JSON.stringify(PREPROCESSING), info?.preprocessing);
  }
  return info as ModelInfo;
}
