/** Runs batch normalization in training as one op forward and one backward; tfjs composes about twenty. */
import type { GradConfig, KernelConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import type { LayerCall } from "./layers.ts";
import { type Attribute, attribute, FLOAT, NHWC, runOpOutputs } from "../native_ops.ts";

/** The fields of tf.layers' batch normalization that are read here. */
interface BatchNormLayer {
  axis: number;
  epsilon: number;
  momentum: number;
  gamma?: LayerVariable;
  beta?: LayerVariable;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}
interface LayerVariable {
  read(): Tensor;
  write(value: Tensor): void;
}

/** Makes a `call` for training with a scale and an offset per channel; other cases use the stock call. */
export function makeBatchNormCall(stock: LayerCall): LayerCall {
  return function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const { axis, epsilon, momentum, gamma, beta, movingMean, movingVariance } =
      this as unknown as BatchNormLayer;
    const isOurs = kwargs.training && x.rank === 4 && [-1, 3].includes(axis) && gamma && beta;
    if (!isOurs) return stock.call(this, inputs, kwargs);
    return tf.tidy(() => {
      const tensors = { x, scale: gamma.read(), offset: beta.read() };
      const [y, mean, variance] = tf.engine()
        .runKernel("BatchNormTraining", tensors, { epsilon }) as [Tensor, Tensor, Tensor];
      const average = (moving: LayerVariable, value: Tensor) =>
        moving.write(tf.add(tf.mul(moving.read(), momentum), tf.mul(value, 1 - momentum)));
      average(movingMean, mean);
      // The op computes the sample variance, tf.layers averages the population variance.
      const count = x.size / x.shape[3]!;
      average(movingVariance, tf.mul(variance, (count - 1) / count));
      return y;
    });
  };
}

function batchNormAttributes({ epsilon }: NamedAttrMap): Attribute[] {
  return [
    FLOAT,
    attribute.type("U"),
    attribute.float("epsilon", epsilon as number),
    attribute.bool("is_training", true),
    NHWC,
  ];
}

/**
 * Makes the kernel and its gradient. Inputs: `x`, `scale` and `offset`. Outputs: the normalized `x`, the mean
 * and the sample variance of each channel (both without a gradient), and the tensors for the gradient.
 */
export function makeBatchNormKernel(): { kernel: KernelConfig; gradient: GradConfig } {
  const kernelName = "BatchNormTraining";
  const kernel: KernelConfig = {
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs: { x, scale, offset }, attrs = {} }) =>
      tf.tidy(() => {
        const none = tf.tensor1d([]); // unused in training
        const tensors = [x!, scale!, offset!, none, none];
        return runOpOutputs("FusedBatchNormV3", batchNormAttributes(attrs), tensors, 6);
      }),
  };
  const gradient: GradConfig = {
    kernelName,
    inputsToSave: ["x", "scale"],
    outputsToSave: [false, false, false, true, true, true],
    gradFunc: (dys, [x, scale, ...reserved], attrs) => {
      const [dy] = dys as Tensor[];
      const tensors = [dy!, x!, scale!, ...reserved];
      const [dx, dScale, dOffset] = runOpOutputs(
        "FusedBatchNormGradV3",
        batchNormAttributes(attrs),
        tensors,
        5,
      );
      return { x: () => dx!, scale: () => dScale!, offset: () => dOffset! };
    },
  };
  return { kernel, gradient };
}
