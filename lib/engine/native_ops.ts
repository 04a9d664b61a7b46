/** Runs any TensorFlow op by name, with or without a kernel in tfjs-node. */
import type { DataType, Tensor, Tensor4D, TensorInfo } from "@tensorflow/tfjs-node";
import { tf } from "./tensorflow.ts";

/** One attribute of an op, as the native add-on takes it. */
export interface Attribute {
  name: string;
  type: number;
  value: string | boolean | number | number[];
}

/** The part of tfjs-node's backend that is used here. */
interface NativeBackend {
  binding: {
    TF_ATTR_BOOL: number;
    TF_ATTR_FLOAT: number;
    TF_ATTR_INT: number;
    TF_ATTR_SHAPE: number;
    TF_ATTR_STRING: number;
    TF_ATTR_TYPE: number;
    TF_UINT8: number;
    createTensor(shape: number[], dtype: number, values: Uint8Array): number;
  };
  getDTypeInteger(dtype: DataType): number;
  createOutputTensor(native: { id: number; shape: number[]; dtype: number }): Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
}

const backend = tf.backend() as unknown as NativeBackend;
const { binding } = backend;

/** Builds attributes by their type. */
export const attribute = {
  bool: (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  float: (name: string, value: number): Attribute => ({
    name,
    type: binding.TF_ATTR_FLOAT,
    value,
  }),
  int: (name: string, value: number | number[]): Attribute => ({
    name,
    type: binding.TF_ATTR_INT,
    value,
  }),
  shape: (name: string, value: number[]): Attribute => ({
    name,
    type: binding.TF_ATTR_SHAPE,
    value,
  }),
  string: (name: string, value: string): Attribute => ({
    name,
    type: binding.TF_ATTR_STRING,
    value,
  }),
  type: (name: string, dtype: DataType = "float32"): Attribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value: backend.getDTypeInteger(dtype),
  }),
};

/** The element type of most ops. */
export const FLOAT: Attribute = attribute.type("T");
/** The layout `[photo, row, column, channel]`: the only one used here. */
export const NHWC: Attribute = attribute.string("data_format", "NHWC");
/** Marks an op as one of oneDNN. TensorFlow marks graphs in this way when it rewrites them. */
export const ONEDNN: Attribute = attribute.string("_kernel", "MklNameChangeOp");

/**
 * Runs an op that has one output.
 *
 * @returns the output; the caller, or the surrounding `tf.tidy`, disposes it
 * @throws {Error} if this libtensorflow has no such op, or the op rejects its inputs
 * @example
 * ```ts
 * import { tf } from "./tensorflow.ts";
 * import { FLOAT, runOp } from "./native_ops.ts";
 *
 * runOp("Softsign", [FLOAT], [tf.tensor1d([-1, 3])]).print(); // [-0.5, 0.75]
 * ```
 */
export function runOp(
  op: string,
  attributes: readonly Attribute[],
  inputs: readonly TensorInfo[],
): Tensor {
  return runOpOutputs(op, attributes, inputs, 1)[0]!;
}

/** Runs an op that has any number of outputs, as {@linkcode runOp} does for one. */
export function runOpOutputs(
  op: string,
  attributes: readonly Attribute[],
  inputs: readonly TensorInfo[],
  outputs: number,
): Tensor[] {
  return backend.executeMultipleOutputs(op, attributes, inputs, outputs);
}

/**
 * Transforms each photo of a batch by its own projective map, with bilinear interpolation.
 *
 * @param x `[n, height, width, channels]` float32
 * @param maps `[n][8]`: from positions in the result to those in `x`, as `ImageProjectiveTransformV3` takes them
 * @param outside The content beyond the edges: the photo mirrored, or zeros.
 * @returns the shape of `x`; the caller disposes it
 */
export function transformPhotos(
  x: Tensor4D,
  maps: number[][],
  outside: "REFLECT" | "CONSTANT",
): Tensor4D {
  const [, height, width] = x.shape;
  const attributes = [
    attribute.type("dtype"),
    attribute.string("interpolation", "BILINEAR"),
    attribute.string("fill_mode", outside),
  ];
  return tf.tidy(() => {
    const inputs = [x, tf.tensor2d(maps), tf.tensor1d([height, width], "int32"), tf.scalar(0)];
    return runOp("ImageProjectiveTransformV3", attributes, inputs) as Tensor4D;
  });
}

/**
 * Converts bytes to floats and divides them, in native code: ten times as fast as a loop.
 *
 * @param bytes As many as `shape` holds. Do not change them before the result is ready.
 * @returns float32 in 0..255 / `divisor`; the caller disposes it
 * @example
 * ```ts
 * import { bytesToFloats } from "./native_ops.ts";
 *
 * bytesToFloats(Uint8Array.of(0, 51, 255), [3], 255).print(); // [0, 0.2, 1]
 * ```
 */
export function bytesToFloats(bytes: Uint8Array, shape: number[], divisor: number): Tensor {
  return tf.tidy(() => {
    const id = binding.createTensor(shape, binding.TF_UINT8, bytes);
    const native = backend.createOutputTensor({ id, shape, dtype: binding.TF_UINT8 });
    const toFloat = [
      { ...attribute.type("SrcT"), value: binding.TF_UINT8 },
      attribute.type("DstT"),
    ];
    return tf.div(runOp("Cast", toFloat, [native]), divisor);
  });
}
