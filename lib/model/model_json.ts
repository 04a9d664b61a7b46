/** What is in a saved model's `model.json`, and how its damage is noticed. Loads nothing. */
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { CLASSES, type ClassName } from "../types.ts";
import type { Digests } from "../engine/model_digest.ts";
import { checkTopology, isObject, isWhole, need } from "./check_topology.ts";

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
  /**
   * The probability below which a prediction is unsure: answers above it were right at the rate that
   * `chooseUnsureBelow` was asked for, on the validation part. Absent where none was chosen.
   */
  unsureBelow?: number;
}

/** The one way in which `decodeImage` and `scaleImages` prepare photos. */
export const PREPROCESSING =
  "RGB, upright, alpha on white, resized to size x size (bilinear, anti-aliased), 0..1";

/** One weight, as it lies in the file of weights. */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: "float32";
  /** Present where each number is in the file as two bytes. */
  quantization?: { dtype: "float16" };
}

/** A `model.json` that {@linkcode parseModelJson} has checked. */
export interface ModelJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: WeightSpec[] }[];
  userDefinedMetadata?: Record<string, unknown> & { sha256?: Digests };
}

/**
 * Reads and checks the text of a `model.json`.
 *
 * @throws {SyntaxError} if it is not JSON
 * @throws {TypeError} naming the field that is wrong
 * @example
 * ```ts
 * import { parseModelJson } from "./model_json.ts";
 *
 * const { weightsManifest } = parseModelJson(await Deno.readTextFile("models/face-mask/model.json"));
 * console.log(weightsManifest[0]!.paths); // ["weights.bin"]
 * ```
 */
export function parseModelJson(text: string): ModelJson {
  const json = JSON.parse(text);
  const { modelTopology, weightsManifest, userDefinedMetadata } = isObject(json) ? json : {};
  checkTopology(modelTopology);
  const isList = Array.isArray(weightsManifest) && weightsManifest.length > 0;
  need(isList, "weightsManifest", "a list", weightsManifest);
  const names = new Set<unknown>();
  for (const [index, group] of (weightsManifest as unknown[]).entries()) {
    checkWeights(group, `weightsManifest[${index}]`, names);
  }
  const isThere = userDefinedMetadata === undefined || isObject(userDefinedMetadata);
  need(isThere, "userDefinedMetadata", "an object", userDefinedMetadata);
  return json;
}

function checkWeights(group: unknown, field: string, names: Set<unknown>): void {
  const { paths, weights } = isObject(group) ? group : {};
  const areNames = Array.isArray(paths) && paths.length > 0 &&
    paths.every((path) =>
      typeof path === "string" && /^[^/\\]+$/.test(path) && !/^\.+$/.test(path)
    );
  need(areNames, `${field}.paths`, "a list of files beside model.json", paths);
  need(Array.isArray(weights), `${field}.weights`, "a list", weights);
  for (const [index, weight] of (weights as unknown[]).entries()) {
    const { name, dtype, shape, quantization } = isObject(weight) ? weight : {};
    const place = `${field}.weights[${index}]`;
    const isName = typeof name === "string" && !(name in {}) && !names.has(name);
    need(isName, `${place}.name`, "a name that no other weight has", name);
    names.add(name);
    need(dtype === "float32", `${place}.dtype`, '"float32"', dtype);
    const isKnown = quantization === undefined ||
      isObject(quantization) && quantization.dtype === "float16";
    need(isKnown, `${place}.quantization`, '{"dtype":"float16"}, or left out', quantization);
    const isShape = Array.isArray(shape) && shape.length < 7 &&
      shape.every((side) => isWhole(side, 1, 2 ** 31));
    need(isShape, `${place}.shape`, "a list of positive whole numbers", shape);
  }
}

/** How many bytes the weights take together. */
export function countWeightBytes({ weightsManifest }: Pick<ModelJson, "weightsManifest">): number {
  const sizes = weightsManifest.flatMap(({ weights }) => weights)
    .map(({ shape, quantization }) =>
      shape.reduce((size, side) => size * side, quantization ? 2 : 4)
    );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Reads what a loaded model says of itself.
 *
 * @throws {TypeError} if a field is missing, wrong, or does not fit the layers
 */
export function checkInfo(model: LayersModel): ModelInfo {
  const { sha256: _, ...info } = (model.getUserDefinedMetadata() ?? {}) as Partial<ModelInfo> & {
    sha256?: Digests;
  };
  const { classes, size, margin, trainedOn, preprocessing, unsureBelow } = info;
  const known = Object.values(CLASSES).filter((names) => String(names) === String(classes));
  const [input, output] = [model.inputs[0]!, model.outputs[0]!].map(({ shape }) => shape.slice(1));
  const needInfo = (field: keyof ModelInfo, isRight: boolean, wanted: string) =>
    need(isRight, `userDefinedMetadata.${field}`, wanted, info[field]);
  needInfo(
    "classes",
    known.length > 0,
    Object.values(CLASSES).map((names) => JSON.stringify(names)).join(" or "),
  );
  needInfo(
    "classes",
    String(output) === String(classes!.length === 2 ? 1 : 3),
    `those of the output [${output}]`,
  );
  needInfo(
    "size",
    String(input) === String([size, size, 3]) && Number.isInteger(size),
    `the side of the input [${input}]`,
  );
  needInfo(
    "margin",
    margin === undefined || typeof margin === "number" && margin >= 0 && margin <= 2,
    "0 to 2, or absent",
  );
  needInfo("trainedOn", typeof trainedOn === "string", "a text");
  needInfo(
    "unsureBelow",
    unsureBelow === undefined ||
      typeof unsureBelow === "number" && unsureBelow >= 0 && unsureBelow <= 1,
    "0 to 1, or absent",
  );
  needInfo("preprocessing", preprocessing === PREPROCESSING, JSON.stringify(PREPROCESSING));
  return info as ModelInfo;
}
