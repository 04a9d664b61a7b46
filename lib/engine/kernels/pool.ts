/** Max pooling that remembers where each maximum was, so that its gradient need not search again. */
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

/** As tfjs-node's own kernel reads them, so that the same calls are accepted. */
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
 * A kernel and gradient of max pooling by oneDNN. What its op does not take (integers, padding by number)
 * goes the stock way.
 *
 * While a gradient is recorded, the places of the maxima travel as one more input of the kernel: the
 * engine saves inputs by name for the gradient, and frees them with the rest of its tape.
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
      // A maximum of 0 is a ReLU's flat side, wherever in its window it is.
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
