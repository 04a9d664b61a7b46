/**
 * The gradient of ReLU as one op, and what other kernels need to know about ReLUs: how a pooling layer
 * and the convolution before it can do the ReLU's part of the backward pass on the pooled gradient, a
 * quarter of the size. Both give what the full-size gradient gives.
 */
import type { DataId, GradConfig, KernelConfig, Tensor } from "@tensorflow/tfjs-node";
import { attribute, FLOAT, runOp } from "../native_ops.ts";

/** What is known about a gradient that came through a max pooling of a ReLU's output. */
interface PooledGradient {
  /** The ReLU's output; where it is 0 the gradient is 0 already. */
  rectified: DataId;
  /** The gradient before the pooling spread it out: it has the same sum over each channel. */
  pooled: Tensor;
}

// The engine keeps a tensor's `dataId` through clones and drops it with the data, so nothing is held.
const rectifiedData = new WeakSet<DataId>();
const pooledGradients = new WeakMap<DataId, PooledGradient>();

/** Remembers that this tensor is a ReLU's output. */
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

/** The smallest tensor with the same sum over each channel as this gradient. */
export function smallestWithSum(dy: Tensor): Tensor {
  const pooled = pooledGradients.get(dy.dataId)?.pooled;
  return pooled && !pooled.isDisposed ? pooled : dy;
}

/** The gradient before a ReLU, from the one after it and the ReLU's output; `dy` itself where it fits. */
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

/** tfjs composes this gradient of six ops: Step, Cast, Mul and a mask against NaN. */
export const reluGradConfig: GradConfig = {
  kernelName: "Relu",
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => reluGradient(dy as Tensor, y!).clone() }),
};
