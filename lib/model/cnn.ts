/** Builds the CNN of the walkthrough, uncompiled. */
import type { layers, LayersModel, Sequential, serialization, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { attribute, runOp } from "../engine/native_ops.ts";

/** Dropout whose masks depend on a seed and a step count, so that a run can be repeated and resumed. */
class SeededDropout extends tf.layers.Layer {
  // Saved as the stock layer: in inference, neither has an effect.
  static className = "Dropout";
  readonly #rate: number;
  readonly #seed: number;
  /** The number of masks drawn. */
  step = 0;

  constructor(config: { rate: number; seed: number }) {
    super({});
    this.#rate = config.rate;
    this.#seed = config.seed;
  }

  override call(inputs: Tensor | Tensor[], { training }: { training?: boolean }): Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (!training) return x;
    return tf.tidy(() => {
      const kept = tf.greaterEqual(uniform(x.shape, [this.#seed, this.step++]), this.#rate);
      return tf.mul(x, tf.div(tf.cast(kept, "float32"), 1 - this.#rate));
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.#rate, seed: this.#seed };
  }
}

/** Draws uniform float32 in 0 <= x < 1 that depend on the two seed numbers only. */
function uniform(shape: number[], seed: [number, number]): Tensor {
  const types = [
    attribute.type("dtype"),
    attribute.type("T", "int32"),
    attribute.type("Tseed", "int32"),
  ];
  const inputs = [tf.tensor1d(shape, "int32"), tf.tensor1d(seed, "int32")];
  return runOp("StatelessRandomUniform", types, inputs);
}

/** Options of {@linkcode buildCnn}. */
export interface CnnOptions {
  /** Side of the square input in pixels; at least 22. @default 128 */
  size?: number;
  /** 2 for one sigmoid unit, more for a softmax. @default 2 */
  classes?: number;
  /** Share of the units dropped in training, after each of the two dense layers. @default 0.3 */
  dropout?: number;
  /** Seed of the initial weights and the dropout. @default 42 */
  seed?: number;
}

/**
 * Builds the walkthrough's CNN: three blocks of a 3 x 3 convolution (32, 64, then 128 filters, ReLU) and 2 x 2
 * max pooling, then dense layers of 128 and 64 units (ReLU), with dropout after each.
 *
 * Input: `[n, size, size, 3]` float32 RGB in 0..1. Output: for two classes `[n, 1]` float32, the probability of
 * class 1; for more, `[n, classes]` float32, one probability per class. The caller disposes the model.
 *
 * @throws {RangeError} if `size` or `classes` is too small or not an integer, or `dropout` is not in
 * 0 <= dropout < 1
 * @example
 * ```ts
 * import { buildCnn } from "./cnn.ts";
 *
 * const model = buildCnn({ size: 32 });
 * console.log(model.countParams());
 * model.dispose();
 * ```
 */
export function buildCnn(
  { size = 128, classes = 2, dropout: rate = 0.3, seed = 42 }: CnnOptions = {},
): Sequential {
  if (!Number.isInteger(size) || size < 22) {
    throw new RangeError(`size must be an integer of at least 22 pixels, got ${size}`);
  }
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RangeError(`classes must be an integer of at least 2, got ${classes}`);
  }
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`dropout must be in 0 <= dropout < 1, got ${rate}`);
  }
  let seeds = seed;
  const kernelInitializer = () => tf.initializers.glorotUniform({ seed: seeds++ });
  const conv = (filters: number, inputShape?: number[]) => [
    tf.layers.conv2d({
      filters,
      kernelSize: 3,
      activation: "relu",
      kernelInitializer: kernelInitializer(),
      ...(inputShape && { inputShape }),
    }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
  ];
  const dense = (units: number, activation: "relu" | "sigmoid" | "softmax") =>
    tf.layers.dense({ units, activation, kernelInitializer: kernelInitializer() });
  const dropout = () => seededDropout({ rate, seed: seeds++ });
  return tf.sequential({
    layers: [
      ...conv(32, [size, size, 3]),
      ...conv(64),
      ...conv(128),
      tf.layers.flatten(),
      dense(128, "relu"),
      dropout(),
      dense(64, "relu"),
      dropout(),
      classes === 2 ? dense(1, "sigmoid") : dense(classes, "softmax"),
    ],
  });
}

/**
 * Creates a dropout layer whose masks depend on the seed and the number of its calls in training.
 *
 * @param config `rate` is the share of the units that are dropped.
 */
export function seededDropout(config: { rate: number; seed: number }): layers.Layer {
  return new SeededDropout(config);
}

/**
 * Describes the layers, with their output shapes and numbers of parameters, as a table in plain text.
 *
 * @example
 * ```ts
 * import { buildCnn, describeModel } from "./cnn.ts";
 *
 * const model = buildCnn({ size: 32 });
 * console.log(describeModel(model));
 * model.dispose();
 * ```
 */
export function describeModel(model: LayersModel): string {
  const lines: string[] = [];
  model.summary(88, undefined, (line: string) => lines.push(line));
  return lines.filter((line) => !/^_+$/.test(line)).join("\n");
}

/** Finds the seeded dropout layers; a resumed run sets their step counts. */
export function findSeededDropouts(model: LayersModel): { step: number }[] {
  return model.layers.filter((layer) => layer instanceof SeededDropout);
}
