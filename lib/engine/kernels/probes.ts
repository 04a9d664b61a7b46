/** Tests replacements on numbers with a known result. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import { NativeAdam } from "./adam.ts";
import type { CompiledModel } from "./loss.ts";

/** Tests a layer kernel: a weight of 3, a bias of 1 and a ReLU map 1 and -2 to 4 and 0. */
export function probeLayer(kernelName: string, shape: number[], filterShape: number[]): void {
  const attrs = { strides: [1, 1], dilations: [1, 1], padding: "VALID", relu: true };
  expectGradients(
    (x, filter, bias) =>
      tf.engine().runKernel(kernelName, { x: x!, filter: filter!, bias: bias! }, attrs) as Tensor,
    [tf.tensor([1, -2], shape), tf.tensor([3], filterShape), tf.tensor1d([1])],
    [[3, 0], [1], [1]],
  );
}

/** Tests batch normalization: 1 and 3 become -1 and 1; for the second, scale and offset have a gradient of 1. */
export function probeBatchNorm(): void {
  const second = tf.tensor4d([0, 1], [1, 1, 2, 1]);
  expectGradients(
    (x, scale, offset) => {
      const inputs = { x: x!, scale: scale!, offset: offset! };
      const [y] = tf.engine().runKernel("BatchNormTraining", inputs, { epsilon: 1e-7 }) as Tensor[];
      return tf.mul(y!, second);
    },
    [tf.tensor4d([1, 3], [1, 1, 2, 1]), tf.tensor1d([1]), tf.tensor1d([0])],
    [[0, 0], [1], [1]],
  );
}

/** Tests the gradient of the loss of two photos with the probabilities 1/2 and 1/4. */
export function probeCrossEntropy(): void {
  const layers = [tf.layers.activation({ activation: "linear", inputShape: [1] })];
  const model = tf.sequential({ layers });
  const optimizer = tf.train.sgd(1);
  model.compile({ optimizer, loss: "binaryCrossentropy" });
  optimizer.dispose();
  const { lossFunctions: [loss] } = (model as unknown as { model: CompiledModel }).model;
  const labels = tf.tensor2d([[1], [0]]);
  expectGradients((p) => loss!(labels, p!), [tf.tensor2d([[0.5], [0.25]])], [[-2, 4 / 3]]);
}

/** Tests Adam: the length of the first step is the learning rate, for any gradient. */
export function probeAdam(): void {
  const adam = new NativeAdam({ learningRate: 0.5 });
  const variable = tf.variable(tf.tensor1d([1, 1]));
  try {
    adam.applyGradients([{ name: variable.name, tensor: tf.tensor1d([2, -3]) }]);
    expectValues(variable, [0.5, 1.5]);
  } finally {
    adam.dispose();
    variable.dispose();
  }
}

/** Throws unless the gradients of the sum of `f`'s output are as expected. */
export function expectGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor[],
  expected: number[][],
): void {
  const gradients = tf.grads((...inputs) => tf.sum(f(...inputs)))(inputs);
  gradients.forEach((gradient, index) => expectValues(gradient, expected[index]!));
}

function expectValues(tensor: Tensor, expected: number[]): void {
  const values = tensor.dataSync();
  if (expected.some((value, index) => Math.abs(values[index]! - value) > 1e-5)) {
    throw new Error(`computes ${values.join(", ")} in place of ${expected.join(", ")}`);
  }
}
