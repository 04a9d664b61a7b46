/** Builds a network from a `model.json` and its weights, with limits on time and memory. */
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import { checkDigests } from "../engine/model_digest.ts";
import { checkInfo, type ModelInfo, type ModelJson, type WeightSpec } from "./model_json.ts";

/** The part of TensorFlow.js that is used here, on any backend. */
export type TensorFlow =
  & Pick<typeof core, "dispose" | "fill" | "io" | "tidy">
  & Pick<typeof layers, "layers" | "models">;

/** The most output values of one layer per photo. */
const MAX_VALUES = 2 ** 24;
/** The most multiplications of all layers per photo: a few seconds on one core. */
const MAX_WORK = 2 ** 36;

type Layer = layers.layers.Layer;
type AddWeight = (
  this: Layer,
  name: string,
  shape: number[],
  ...rest: unknown[]
) => layers.LayerVariable;

/**
 * Builds a classifier from its files: verifies their digests, and assigns the weights to the layers. A model
 * without digests is tested on a grey photo.
 *
 * @param tf TensorFlow.js, with a backend.
 * @param json As `parseModelJson` returns it.
 * @param weights All weights, in the manifest's order.
 * @returns the model, which the caller disposes, and whether the files had digests
 * @throws {Error} if a digest, a field, a size or the output is wrong; the message names it
 */
export async function buildNetwork(
  tf: TensorFlow,
  json: ModelJson,
  weights: ArrayBuffer,
): Promise<{ model: layers.LayersModel; info: ModelInfo; hasDigests: boolean }> {
  const hasDigests = await checkDigests(json, weights);
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  checkFinite(weights, specs);
  const model = await buildLayers(tf, json.modelTopology, specs.map(({ shape }) => shape));
  try {
    checkWork(model);
    const named = tf.io.decodeWeights(weights, specs);
    try {
      model.loadWeights(named);
    } finally {
      tf.dispose(named);
    }
    model.setUserDefinedMetadata(json.userDefinedMetadata ?? {});
    const info = checkInfo(model);
    if (!hasDigests) await tryOut(tf, model, info);
    return { model, info, hasDigests };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function checkFinite(weights: ArrayBuffer, specs: readonly WeightSpec[]): void {
  let sum = 0, offset = 0; // of zeros; by index, as iterators take ten times as long
  for (const { shape, quantization } of specs) {
    const end = offset + shape.reduce((size, side) => size * side, quantization ? 2 : 4);
    const bytes = weights.slice(offset, end);
    if (quantization) {
      // Not Float16Array, which Node 22 has not. Infinities and NaN have all bits of the exponent.
      const halves = new Uint16Array(bytes);
      for (let i = 0; i < halves.length; i++) sum += Number((halves[i]! & 0x7c00) === 0x7c00);
    } else {
      const values = new Float32Array(bytes);
      for (let i = 0; i < values.length; i++) sum += 0 * values[i]!;
    }
    offset = end;
  }
  if (sum !== 0) throw new RangeError("there are weights that are not finite");
}

/**
 * Builds the layers, and allows only weights of shapes that are in the file. Otherwise a wrong size in
 * `model.json` could demand any amount of memory.
 */
async function buildLayers(
  tf: TensorFlow,
  modelTopology: object,
  shapes: number[][],
): Promise<layers.LayersModel> {
  const left = shapes.map(String);
  const made: layers.LayerVariable[] = [];
  const prototype = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  prototype.addWeight = function (name, shape, ...rest) {
    const index = left.indexOf(String(shape));
    if (index < 0) {
      throw new RangeError(
        `layer ${this.name} needs a ${name} of [${shape}], which is not among the weights`,
      );
    }
    left.splice(index, 1);
    this.setFastWeightInitDuringBuild(true); // without random numbers, as the file's values follow
    const weight = addWeight.call(this, name, shape, ...rest);
    made.push(weight);
    return weight;
  };
  try {
    // The network is built synchronously: no other one can be built in between.
    const building = tf.models.modelFromJSON({ modelTopology } as never);
    prototype.addWeight = addWeight;
    return await building;
  } catch (error) {
    for (const weight of made) weight.dispose();
    throw error;
  }
}

/** Estimates the work per photo, before any is done. */
function checkWork(model: layers.LayersModel): void {
  let work = 0;
  for (const layer of listLayers(model)) {
    const { poolSize } = layer.getConfig();
    const window = [poolSize ?? 1].flat().reduce((area: number, side) => area * Number(side), 1);
    for (const { outputTensors } of layer.inboundNodes) {
      for (const { shape: [, ...shape] } of outputTensors) {
        const values = shape.reduce((all: number, side) => all * side!, 1);
        if (!(values <= MAX_VALUES)) {
          throw new RangeError(
            `layer ${layer.name} has an output of [${shape}], over ${MAX_VALUES} values`,
          );
        }
        work += values / (shape.at(-1) ?? 1) * layer.countParams() + values * window;
      }
    }
  }
  if (work > MAX_WORK) {
    throw new RangeError(`one photo takes ${work} multiplications, over ${MAX_WORK}`);
  }
}

/** Lists the layers, including those of nested networks. */
function listLayers({ layers }: { layers: Layer[] }): Layer[] {
  return layers.flatMap((layer) =>
    "layers" in layer ? listLayers(layer as unknown as layers.LayersModel) : [layer]
  );
}

async function tryOut(
  tf: TensorFlow,
  model: layers.LayersModel,
  { size }: ModelInfo,
): Promise<void> {
  const output = tf.tidy(() =>
    model.predictOnBatch(tf.fill([1, size, size, 3], 0.5)) as core.Tensor
  );
  const scores = await output.data();
  output.dispose();
  if (!scores.every((score) => score >= 0 && score <= 1.001)) {
    throw new RangeError(`the output must be probabilities, got ${scores} for a grey photo`);
  }
}
