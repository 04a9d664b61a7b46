/** Runs a layer of the detector as one op of libtensorflow: 1.6 times as fast as tfjs-node's own way. */
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { attribute, FLOAT, NHWC, ONEDNN, runOp } from "../engine/native_ops.ts";
import { type Layer, makeRunLayer, type RunLayer } from "./ssd.ts";

/** oneDNN's convolution with bias and ReLU6, or with the bias alone. */
const runFused: RunLayer = (x, { filters, bias, stride, kind }) =>
  runOp(kind === "depthwise" ? "_MklNativeFusedDepthwiseConv2dNative" : "_MklNativeFusedConv2D", [
    FLOAT,
    attribute.int("strides", [1, stride, stride, 1]),
    attribute.int("dilations", [1, 1, 1, 1]),
    attribute.string("padding", "SAME"),
    NHWC,
    attribute.int("num_args", 1),
    ...(kind === "depthwise" ? [] : [attribute.type("TArgs")]),
    attribute.string("fused_ops", kind === "head" ? "BiasAdd" : "BiasAdd,Relu6"),
    ONEDNN,
  ], [x, filters, bias]) as Tensor4D;

/**
 * The quickest way to run a layer here: the fused ops where this libtensorflow has them and they give
 * what tfjs's own give, else those.
 */
export function chooseRunLayer(): RunLayer {
  const stock = makeRunLayer(tf);
  try {
    return isSame(runFused, stock) ? runFused : stock;
  } catch {
    return stock;
  }
}

/** Whether both ways give the same for one layer of each kind. */
function isSame(a: RunLayer, b: RunLayer): boolean {
  return tf.tidy(() => {
    const x = tf.linspace(-9, 9, 48).reshape([1, 4, 4, 3]) as Tensor4D;
    const layer = (kind: Layer["kind"], shape: [number, number, number, number]): Layer => ({
      filters: tf.linspace(-1, 1, shape.reduce((size, side) => size * side)).reshape(shape),
      bias: tf.linspace(0, 1, 3) as Tensor1D,
      stride: 2,
      kind,
    });
    const layers = [
      layer("full", [3, 3, 3, 3]),
      layer("depthwise", [3, 3, 3, 1]),
      layer("head", [1, 1, 3, 3]),
    ];
    return layers.every((layer) => {
      const apart: Tensor = tf.max(tf.abs(tf.sub(a(x, layer), b(x, layer))));
      return apart.dataSync<"float32">()[0]! < 1e-4;
    });
  });
}
