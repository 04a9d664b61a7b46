/** What is in a saved model's `model.json`: its layers, and what one must know to use them. Loads nothing. */
import type { LayersModel } from "@tensorflow/tfjs-layers";
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

/** The one way in which `decodeImage` and `scaleImages` prepare photos. */
export const PREPROCESSING =
  "RGB, upright, alpha on white, resized to size x size (bilinear, anti-aliased), 0..1";

/** What tfjs writes into `model.json`; it has no name for this type that can be imported. */
interface SavedJson {
  modelTopology: object;
  userDefinedMetadata: object;
  weightsManifest: { weights: { name: string; shape: number[]; dtype: "float32" }[] }[];
}

/**
 * Puts together what `tf.io.fromMemory` takes: layers, and weights of the length that they need.
 *
 * @param json Of a file `model.json`.
 * @param weights The bytes of `weights.bin`.
 * @throws {TypeError} if a field that is needed is missing or wrong
 * @throws {RangeError} if there are more or fewer bytes: tfjs would leave tensors behind
 */
export function readArtifacts(json: unknown, weights: ArrayBuffer): object {
  const { modelTopology, userDefinedMetadata, weightSpecs } = checkJson(
    json as Partial<SavedJson> | null,
  );
  const needed = weightSpecs.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((size, side) => size * side, 1),
    0,
  );
  if (weights.byteLength !== needed) {
    throw new RangeError(`weights.bin has ${weights.byteLength} bytes, the layers need ${needed}`);
  }
  return { modelTopology, userDefinedMetadata, weightSpecs, weightData: weights };
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

/**
 * Reads what a loaded model says of itself.
 *
 * @throws {TypeError} if a field is missing, wrong, or does not fit the layers
 */
export function checkInfo(model: LayersModel): ModelInfo {
  const info = model.getUserDefinedMetadata() as Partial<ModelInfo> | undefined;
  const wrong = (field: string, wanted: string, found: unknown) =>
    new TypeError(
      `userDefinedMetadata.${field} should be ${wanted}, found ${JSON.stringify(found)}`,
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
