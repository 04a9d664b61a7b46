/**
 * Runs convolution and dense layers as one kernel each, with bias, ReLU and native gradients. tfjs fuses them
 * only for inference; in training, each layer is three kernels with one tape entry each.
 */
import type { GradConfig, KernelConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import { markRectified, reluGradient, smallestWithSum } from "./relu.ts";
import { type Attribute, attribute, FLOAT, NHWC, ONEDNN, runOp } from "../native_ops.ts";

/** The fields of tf.layers' convolution and dense layers that are read here. */
export interface WeightedLayer {
  rank?: number;
  dataFormat?: string;
  strides: number[];
  dilationRate: number[];
  padding: string;
  kernel: { read(): Tensor };
  depthwiseKernel?: { read(): Tensor };
  bias: { read(): Tensor } | null;
  activation: { getClassName(): string; apply(x: Tensor): Tensor } | null;
}
export type LayerCall = (
  this: WeightedLayer,
  inputs: Tensor | Tensor[],
  kwargs: Record<string, unknown>,
) => Tensor | Tensor[];

/** Makes a `call` for 2-D, channels-last, biased convolution layers; others use the stock call. */
export function makeConvCall(stock: LayerCall): LayerCall {
  return function (inputs, kwargs) {
    const isOurs = this.rank === 2 && this.dataFormat === "channelsLast" && this.bias;
    return isOurs
      ? runLayer(this, "Conv2DWithBias", inputs, {
        strides: this.strides,
        dilations: this.dilationRate,
        padding: this.padding.toUpperCase(),
      })
      : stock.call(this, inputs, kwargs);
  };
}

/** Makes a `call` for biased dense layers with input of rank 2; others use the stock call. */
export function makeDenseCall(stock: LayerCall): LayerCall {
  return function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return x.rank === 2 && this.bias
      ? runLayer(this, "DenseWithBias", x, {})
      : stock.call(this, inputs, kwargs);
  };
}

/** Makes a `call` for channels-last, biased depthwise convolution layers; others use the stock call. */
export function makeDepthwiseCall(stock: LayerCall): LayerCall {
  return function (inputs, kwargs) {
    const [rows, columns] = this.strides;
    const isOurs = this.dataFormat === "channelsLast" && this.bias && rows === columns;
    return isOurs
      ? runLayer(
        { kernel: this.depthwiseKernel!, bias: this.bias, activation: this.activation },
        "DepthwiseConv2DWithBias",
        inputs,
        {
          strides: this.strides,
          dilations: [1, 1], // tf.layers passes no other value
          padding: this.padding.toUpperCase(),
        },
      )
      : stock.call(this, inputs, kwargs);
  };
}

function runLayer(
  { kernel, bias, activation }: Pick<WeightedLayer, "kernel" | "bias" | "activation">,
  kernelName: string,
  inputs: Tensor | Tensor[],
  attrs: NamedAttrMap,
): Tensor {
  return tf.tidy(() => {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const relu = activation?.getClassName() === "relu";
    const tensors = { x, filter: kernel.read(), bias: bias!.read() };
    const y = tf.engine().runKernel(kernelName, tensors, { ...attrs, relu }) as Tensor;
    return relu || !activation ? y : activation.apply(y);
  });
}

type Forward = (inputs: Tensor[], attributes: Attribute[], relu: boolean) => Tensor;

/** Runs the convolution with its bias, then the ReLU. */
export function convThenRelu(inputs: Tensor[], attributes: Attribute[], relu: boolean): Tensor {
  const y = runOp("_MklNativeConv2DWithBias", [...attributes, ONEDNN], inputs);
  return relu ? rectify(y) : y;
}

/** Runs convolution, bias and ReLU in one op, if the add-on can set its attributes: see `scripts/list_attributes.h`. */
export function convWithRelu(inputs: Tensor[], attributes: Attribute[], relu: boolean): Tensor {
  return runOp("_MklNativeFusedConv2D", [
    ...attributes,
    attribute.int("num_args", 1),
    attribute.type("TArgs"),
    attribute.string("fused_ops", relu ? "BiasAdd,Relu" : "BiasAdd"),
    ONEDNN,
  ], inputs);
}

/** Runs a depthwise convolution with bias and ReLU in one op. */
function depthwiseWithRelu(inputs: Tensor[], attributes: Attribute[], relu: boolean): Tensor {
  return runOp("_MklNativeFusedDepthwiseConv2dNative", [
    ...attributes,
    attribute.int("num_args", 1),
    attribute.string("fused_ops", relu ? "BiasAdd,Relu" : "BiasAdd"),
    ONEDNN,
  ], inputs);
}

function rectify(x: Tensor): Tensor {
  const y = runOp("Relu", [FLOAT], [x]);
  x.dispose();
  return y;
}

function convAttributes(attrs: NamedAttrMap): Attribute[] {
  return [
    FLOAT,
    attribute.int("strides", [1, ...attrs.strides as number[], 1]),
    attribute.int("dilations", [1, ...attrs.dilations as number[], 1]),
    attribute.string("padding", attrs.padding as string),
    NHWC,
  ];
}

/** Makes the kernel of a convolution layer, with the inputs `x`, `filter` and `bias`. */
export function makeConvKernel(forward: Forward): { kernel: KernelConfig; gradient: GradConfig } {
  return makeLayerKernel("Conv2DWithBias", {
    forward: (inputs, attrs) => forward(inputs, convAttributes(attrs), attrs.relu as boolean),
    gradients: (dy, x, filter, attrs) => {
      const attributes = convAttributes(attrs);
      const sizes = (of: Tensor) => tf.tensor1d(of.shape, "int32");
      return {
        x: () => runOp("Conv2DBackpropInput", attributes, [sizes(x), filter, dy]),
        filter: () => runOp("Conv2DBackpropFilter", attributes, [x, sizes(filter), dy]),
      };
    },
  });
}

/** Makes the kernel of a depthwise convolution layer, with the inputs `x`, `filter` and `bias`. */
export function makeDepthwiseKernel(): { kernel: KernelConfig; gradient: GradConfig } {
  return makeLayerKernel("DepthwiseConv2DWithBias", {
    forward: (inputs, attrs) =>
      depthwiseWithRelu(inputs, convAttributes(attrs), attrs.relu as boolean),
    gradients: (dy, x, filter, attrs) => {
      const attributes = [...convAttributes(attrs), ONEDNN];
      const sizes = (of: Tensor) => tf.tensor1d(of.shape, "int32");
      const op = "_MklNativeDepthwiseConv2dNativeBackprop";
      return {
        x: () => runOp(`${op}Input`, attributes, [sizes(x), filter, dy]),
        filter: () => runOp(`${op}Filter`, attributes, [x, sizes(filter), dy]),
      };
    },
  });
}

/** Makes the kernel of a dense layer, with the inputs `x`, `filter` and `bias`. */
export function makeDenseKernel(): { kernel: KernelConfig; gradient: GradConfig } {
  const matMul = (a: Tensor, b: Tensor, transpose: "a" | "b" | "") =>
    runOp("MatMul", [
      FLOAT,
      attribute.bool("transpose_a", transpose === "a"),
      attribute.bool("transpose_b", transpose === "b"),
    ], [a, b]);
  return makeLayerKernel("DenseWithBias", {
    forward: ([x, filter, bias], { relu }) => {
      const product = matMul(x!, filter!, "");
      const y = runOp("BiasAdd", [FLOAT, NHWC], [product, bias!]);
      product.dispose();
      return relu ? rectify(y) : y;
    },
    gradients: (dy, x, filter) => ({
      x: () => matMul(dy, filter, "b"),
      filter: () => matMul(x, dy, "a"),
    }),
  });
}

function makeLayerKernel(
  kernelName: string,
  { forward, gradients }: {
    forward: (inputs: Tensor[], attrs: NamedAttrMap) => Tensor;
    gradients: (
      dy: Tensor,
      x: Tensor,
      filter: Tensor,
      attrs: NamedAttrMap,
    ) => { x: () => Tensor; filter: () => Tensor };
  },
): { kernel: KernelConfig; gradient: GradConfig } {
  const kernel: KernelConfig = {
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs = {} }) => {
      const { x, filter, bias } = inputs as Record<string, Tensor>;
      const y = forward([x!, filter!, bias!], attrs);
      return attrs.relu ? markRectified(y) : y;
    },
  };
  const gradient: GradConfig = {
    kernelName,
    inputsToSave: ["x", "filter"],
    outputsToSave: [true],
    // The engine calls only the gradients that lead to a weight: never the one of the first layer's `x`.
    gradFunc: (dy, saved, attrs) => {
      const [x, filter, y] = saved as [Tensor, Tensor, Tensor];
      const beforeRelu = attrs.relu ? reluGradient(dy as Tensor, y) : dy as Tensor;
      return {
        ...gradients(beforeRelu, x, filter, attrs),
        bias: () => runOp("BiasAddGrad", [FLOAT, NHWC], [smallestWithSum(beforeRelu)]),
      };
    },
  };
  return { kernel, gradient };
}
