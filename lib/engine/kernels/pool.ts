/** Runs max pooling that saves the index of each maximum, so that the gradient need not search again. */
import type {
  backend_util,
  GradConfig,
  KernelConfig,
  NamedAttrMap,
  Tensor,
  TensorInfo,
} from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import { isRectified, markPooled } from "./relu.ts";
import {
  type Attribute,
  attribute,
  FLOAT,
  NHWC,
  ONEDNN,
  runOp,
  runOpOutputs,
} from "../native_ops.ts";

type PoolInfo = backend_util.Conv2DInfo;

/** Reads the attributes as tfjs-node's kernel does, so that the same calls are accepted. */
function readPoolInfo(x: TensorInfo, attrs: NamedAttrMap): PoolInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: [number, number];
    strides: [number, number];
    pad: "valid" | "same" | number;
    dimRoundingMode?: "floor" | "round" | "ceil";
  };
  const shape = x.shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

function poolAttributes(info: PoolInfo, withWorkspace: boolean): Attribute[] {
  return [
    FLOAT,
    attribute.int("ksize", [1, info.filterHeight, info.filterWidth, 1]),
    attribute.int("strides", [1, info.strideHeight, info.strideWidth, 1]),
    attribute.string("padding", info.padInfo.type),
    NHWC,
    attribute.bool("workspace_enabled", withWorkspace),
    ONEDNN,
  ];
}

/**
 * Makes a kernel and gradient of max pooling by oneDNN. Cases that its op does not support (integers, padding
 * by number) use the stock kernel.
 *
 * While a gradient is recorded, the indices of the maxima are added to the kernel's inputs: the engine saves
 * inputs by name for the gradient, and frees them with its tape.
 */
export function makeMaxPool(
  stock: { kernel: KernelConfig; gradient: GradConfig },
): { kernel: KernelConfig; gradient: GradConfig } {
  const kernel: KernelConfig = {
    kernelName: "MaxPool",
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs = {}, backend }) => {
      const x = inputs.x!;
      const info = readPoolInfo(x, attrs);
      if (x.dtype !== "float32" || !["SAME", "VALID"].includes(info.padInfo.type)) {
        inputs.workspace = x;
        return stock.kernel.kernelFunc({ inputs, attrs, backend });
      }
      const isRecorded = tf.engine().state.gradientDepth > 0;
      const attributes = poolAttributes(info, isRecorded);
      const [y, workspace] = runOpOutputs("_MklNativeMaxPool", attributes, [x], 2);
      if (isRecorded) inputs.workspace = workspace;
      else workspace!.dispose();
      return y!;
    },
  };
  const gradient: GradConfig = {
    kernelName: "MaxPool",
    inputsToSave: ["x", "workspace"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const [x, workspace, y] = saved as [Tensor, Tensor, Tensor];
      if (workspace.dataId === x.dataId) return stock.gradient.gradFunc(dy, [x, y], attrs);
      const attributes = poolAttributes(readPoolInfo(x, attrs), true);
      const spread = (pooled: Tensor) =>
        runOp("_MklNativeMaxPoolGrad", attributes, [x, y, pooled, workspace]);
      if (!isRectified(x)) return { x: () => spread(dy as Tensor) };
      // If the maximum is 0, the ReLU's gradient is 0 for the whole window.
      const pooled = runOp("ReluGrad", [FLOAT], [dy as Tensor, y]);
      return {
        x: () => {
          const dx = spread(pooled);
          markPooled(dx, { x, pooled });
          return dx;
        },
      };
    },
  };
  return { kernel, gradient };
}
