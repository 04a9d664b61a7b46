/** A `model.json` and its weights to a network that was tried, without a surprise in time or memory. Loads nothing. */
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import { checkDigests, checkInfo, type ModelInfo, type ModelJson } from "./model_json.ts";

/** What is needed of TensorFlow.js, on any of its backends. */
export type TensorFlow =
  & Pick<typeof core, "dispose" | "fill" | "io" | "tidy">
  & Pick<typeof layers, "layers" | "models">;

/** Values that one layer may give for one photo. */
const MAX_VALUES = 2 ** 24;
/** Multiplications that all layers together may need for one photo: some seconds on one core. */
const MAX_WORK = 2 ** 36;

type Layer = layers.layers.Layer;
type AddWeight = (
  this: Layer,
  name: string,
  shape: number[],
  ...rest: unknown[]
) => layers.LayerVariable;

/**
 * Builds a classifier from its files: checks them against their digests, and gives each layer its weights.
 * A model without digests classifies a grey photo: what is wrong with the network is wrong there already.
 *
 * @param tf TensorFlow.js, with a backend.
 * @param json As `parseModelJson` gives it.
 * @param weights All weights, in the manifest's order.
 * @returns the model, which the caller disposes, and whether the files had digests
 * @throws {Error} naming what is wrong: a digest, a field, a size, or the output
 */
export async function buildNetwork(
  tf: TensorFlow,
  json: ModelJson,
  weights: ArrayBuffer,
): Promise<{ model: layers.LayersModel; info: ModelInfo; hasDigests: boolean }> {
  const hasDigests = await checkDigests(json, weights);
  checkFinite(new Float32Array(weights));
  const specs = json.weightsManifest.flatMap((group) => group.weights);
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

function checkFinite(weights: Float32Array): void {
  let sum = 0; // of zeros; by index, as iterators take ten times as long
  for (let i = 0; i < weights.length; i++) sum += 0 * weights[i]!;
  if (sum !== 0) throw new RangeError("there are weights that are not finite");
}

/**
 * Builds the layers, and lets each have only weights of a shape that is in the file: a size that is wrong in
 * `model.json` could else ask for any amount of memory.
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
    const place = left.indexOf(String(shape));
    if (place < 0) {
      throw new RangeError(
        `layer ${this.name} needs a ${name} of [${shape}], which is not among the weights`,
      );
    }
    left.splice(place, 1);
    this.setFastWeightInitDuringBuild(true); // no random numbers: the file's values come next
    const weight = addWeight.call(this, name, shape, ...rest);
    made.push(weight);
    return weight;
  };
  try {
    // Has built when it returns its promise: no other network can be built meanwhile.
    const building = tf.models.modelFromJSON({ modelTopology } as never);
    prototype.addWeight = addWeight;
    return await building;
  } catch (error) {
    for (const weight of made) weight.dispose();
    throw error;
  }
}

/** Adds up what one photo takes, before it takes it. */
function checkWork(model: layers.LayersModel): void {
  let work = 0;
  for (const layer of listLayers(model)) {
    const { poolSize } = layer.getConfig();
    const window = [poolSize ?? 1].flat().reduce((area: number, side) => area * Number(side), 1);
    for (const { outputTensors } of layer.inboundNodes) {
      for (const { shape: [, ...shape] } of outputTensors) {
        const values = shape.reduce((all: number, side) => all * side!, 1);
        if (!(values <= MAX_VALUES)) {
          throw new RangeError(`layer ${layer.name} gives [${shape}], over ${MAX_VALUES} values`);
        }
        work += values / (shape.at(-1) ?? 1) * layer.countParams() + values * window;
      }
    }
  }
  if (work > MAX_WORK) {
    throw new RangeError(`one photo takes ${work} multiplications, over ${MAX_WORK}`);
  }
}

/** The layers, those of networks within the network too. */
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
