/** Batch normalization while training, as one op each way, where tfjs composes some twenty. */
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

/** A `call` for training on photos, with a scale and an offset a channel; all else goes the stock way. */
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
      // The op gives the variance of a sample, tf.layers averages that of the batch itself.
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
 * Inputs `x`, `scale` and `offset`; outputs the normalized `x`, the mean and the sample variance of each
 * channel (no gradient flows through these two), and what the gradient needs.
 */
export function makeBatchNormKernel(): { kernel: KernelConfig; gradient: GradConfig } {
  const kernelName = "BatchNormTraining";
  const kernel: KernelConfig = {
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs: { x, scale, offset }, attrs = {} }) =>
      tf.tidy(() => {
        const none = tf.tensor1d([]); // of no use while training
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
