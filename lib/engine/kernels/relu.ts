/**
 * Computes the gradient of ReLU as one op, and tracks ReLU outputs for other kernels. A pooling layer and the
 * convolution before it apply the ReLU's gradient to the pooled gradient, which has a quarter of the size. The
 * result is the same.
 */
import type { DataId, GradConfig, KernelConfig, Tensor } from "@tensorflow/tfjs-node";
import { attribute, FLOAT, runOp } from "../native_ops.ts";

/** A gradient that passed through a max pooling of a ReLU's output. */
interface PooledGradient {
  /** The ReLU's output; where it is 0 the gradient is 0 already. */
  rectified: DataId;
  /** The gradient of the pooled output: it has the same sum over each channel. */
  pooled: Tensor;
}

// Clones share a `dataId`, and the engine drops it with the data: these sets keep nothing alive.
const rectifiedData = new WeakSet<DataId>();
const pooledGradients = new WeakMap<DataId, PooledGradient>();

/** Marks a tensor as a ReLU's output. */
export function markRectified(y: Tensor): Tensor {
  rectifiedData.add(y.dataId);
  return y;
}

export function isRectified(x: Tensor): boolean {
  return rectifiedData.has(x.dataId);
}

export function markPooled(dx: Tensor, { x, pooled }: { x: Tensor; pooled: Tensor }): void {
  pooledGradients.set(dx.dataId, { rectified: x.dataId, pooled });
}

/** Returns the smallest tensor with the same sum over each channel as this gradient. */
export function smallestWithSum(dy: Tensor): Tensor {
  const pooled = pooledGradients.get(dy.dataId)?.pooled;
  return pooled && !pooled.isDisposed ? pooled : dy;
}

/** Computes the gradient of a ReLU's input from those of its output; returns `dy` itself where it is equal. */
export function reluGradient(dy: Tensor, y: Tensor): Tensor {
  const isMasked = pooledGradients.get(dy.dataId)?.rectified === y.dataId;
  return isMasked ? dy : runOp("ReluGrad", [FLOAT], [dy, y]);
}

export const reluKernelConfig: KernelConfig = {
  kernelName: "Relu",
  backendName: "tensorflow",
  kernelFunc: ({ inputs: { x } }) =>
    markRectified(runOp("Relu", [attribute.type("T", x!.dtype)], [x!])),
};

/** tfjs composes this gradient from six ops: Step, Cast, Mul and a mask against NaN. */
export const reluGradConfig: GradConfig = {
  kernelName: "Relu",
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => reluGradient(dy as Tensor, y!).clone() }),
};
