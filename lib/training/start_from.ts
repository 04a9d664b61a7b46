/** Prepares a trained model for further training. */
import type { layers, LayersModel, SymbolicTensor, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { seededDropout } from "../model/cnn.ts";
import type { Classifier } from "../model/saved_model.ts";
import type { ClassName } from "../types.ts";

type Layer = layers.Layer;

/**
 * Builds a network with the layers and weights of a trained one, to train it further on other photos. It can
 * reduce three classes to two: the network then starts with the probabilities of `narrowToBinary`.
 *
 * @param classifier A chain of layers that ends in a dense one, as `buildCnn` and `buildTransferModel` make;
 * left unchanged.
 * @param classes The classes of the photos: the classifier's, or two of its three.
 * @param options.seed Seed of the dropout. @default 42
 * @returns a network like that of `buildCnn`, uncompiled; the caller disposes it
 * @throws {RangeError} if the classifier does not have the classes
 * @throws {TypeError} if it is not such a chain
 * @example
 * ```ts
 * import { startFrom } from "./start_from.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const classes = CLASSES["three-class"];
 * const model = buildCnn({ size: 32, classes: 3 });
 * const info = { classes, size: 32, preprocessing: "", trainedOn: "nothing" };
 * console.log(startFrom({ model, info }, CLASSES.binary).outputs[0]!.shape); // [null, 1]
 * ```
 */
export function startFrom(
  { model, info }: Classifier,
  classes: readonly ClassName[],
  { seed = 42 }: { seed?: number } = {},
): LayersModel {
  const labels = classes.map((name) => info.classes.indexOf(name));
  if (labels.includes(-1)) {
    throw new RangeError(
      `classifier must have the classes ${classes.join(", ")}, got ${info.classes.join(", ")}`,
    );
  }
  const isSame = classes.length === info.classes.length;
  const [body, head] = [model.layers.slice(0, -1), model.layers.at(-1)!];
  if (head.getClassName() !== "Dense" || !isChain(model)) {
    throw new TypeError(
      "the model to start from must be a chain of layers that ends in a dense one",
    );
  }
  let copied!: LayersModel;
  tf.tidy(() => {
    const input = tf.input({ shape: model.inputs[0]!.shape.slice(1) });
    const copies = body.filter((layer) => layer.getClassName() !== "InputLayer")
      .map((layer, i) => ({ copy: copyLayer(layer, seed + i), weights: layer.getWeights() }));
    copies.push(
      isSame ? { copy: copyLayer(head, seed), weights: head.getWeights() } : {
        copy: tf.layers.dense({ units: 1, activation: "sigmoid" }),
        weights: narrow(head, labels),
      },
    );
    const output = copies.reduce((x, { copy }) => copy.apply(x) as SymbolicTensor, input);
    for (const { copy, weights } of copies) copy.setWeights(weights);
    copied = tf.model({ inputs: input, outputs: output });
  });
  return copied;
}

/** Checks that the only input of each layer is the one before it. */
function isChain({ layers, outputs }: LayersModel): boolean {
  const follows = (layer: Layer, i: number) =>
    i === 0 || (layer.input as SymbolicTensor).sourceLayer === layers[i - 1];
  return outputs.length === 1 && outputs[0]!.sourceLayer === layers.at(-1) && layers.every(follows);
}

/** A layer of the same settings; a dropout's masks follow from the seed, as in `buildCnn`. */
function copyLayer(layer: Layer, seed: number): Layer {
  const { name: _, ...config } = layer.getConfig();
  if (layer.getClassName() === "Dropout") return seededDropout({ rate: Number(config.rate), seed });
  type LayerClass = (new (config: object) => Layer) & {
    fromConfig: (cls: unknown, config: object) => Layer;
  };
  const layerClass = layer.constructor as LayerClass;
  return layerClass.fromConfig(layerClass, config);
}

/** Kernel and bias of one sigmoid unit: the logit of the second label, less that of the first. */
function narrow(head: Layer, labels: number[]): Tensor[] {
  return head.getWeights().map((weight) => {
    const [first, second] = labels.map((label) => tf.gather(weight, [label], weight.rank - 1));
    return tf.sub(second!, first!);
  });
}
