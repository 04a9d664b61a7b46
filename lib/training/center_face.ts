/** CenterFace's layers, and its published weights to start from. */
import type { LayersModel, SymbolicTensor, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { type OnnxConvolution, readOnnxConvolutions } from "./read_onnx.ts";

type Layer = InstanceType<typeof tf.layers.Layer>;

/** Blocks of MobileNetV2: what the channels are multiplied by within, filters, how often, the first's stride. */
const BLOCKS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
/** Blocks whose grids join the way up, the coarsest first. */
const JOINING = [4, 2, 1] as const;
/** Channels of the way up. */
const WIDTH = 24;
/** The weights come from a file: no time goes into random ones. */
const ZEROS = { kernelInitializer: "zeros", depthwiseInitializer: "zeros" } as const;
/** The names of the layers that have weights, followed by their number. */
const NAME = "conv";

/**
 * Builds the detector of faces: MobileNetV2 down to a grid of 32 pixels, and a way up again to one of 4.
 * Three outputs, each on that grid: how sure it is that a face has its centre there, `[n, rows, columns, 1]`
 * in 0..1; the logarithms of the face's height and width in cells, `[n, rows, columns, 2]`; and how far
 * down and right of the cell's middle the centre is, in cells, `[n, rows, columns, 2]`. The caller disposes it.
 *
 * Source: Xu et al., 2019, CenterFace, https://arxiv.org/abs/1911.03599, without its head for landmarks.
 *
 * @returns takes `[n, height, width, 3]` float32 RGB in 0..255; sides are multiples of 32
 */
export function buildCenterFace(): LayersModel {
  let made = 0;
  const named = () => ({ name: `${NAME}${made++}`, ...ZEROS });
  const apply = (layer: Layer, x: SymbolicTensor | SymbolicTensor[]) =>
    layer.apply(x) as SymbolicTensor;
  /** PyTorch's padding: before both edges, where "same" pads only after them. */
  const pad = (x: SymbolicTensor, stride: number) =>
    stride === 1 ? x : apply(tf.layers.zeroPadding2d({ padding: 1 }), x);
  const shape = (stride: number) =>
    ({ strides: stride, padding: stride === 1 ? "same" : "valid" }) as const;
  const convolve = (
    x: SymbolicTensor,
    filters: number,
    kernelSize: number,
    { stride = 1, activation = "relu" as "relu" | "linear" | "sigmoid" } = {},
  ) => {
    const options = { ...named(), filters, kernelSize, activation, ...shape(stride) };
    return apply(tf.layers.conv2d(options), pad(x, stride));
  };
  const convolveDepth = (x: SymbolicTensor, stride: number) => {
    const options = { ...named(), kernelSize: 3, activation: "relu" as const, ...shape(stride) };
    return apply(tf.layers.depthwiseConv2d(options), pad(x, stride));
  };
  const enlarge = (x: SymbolicTensor) => {
    const options = { ...named(), filters: WIDTH, kernelSize: 2, strides: 2 };
    return apply(tf.layers.conv2dTranspose({ ...options, activation: "relu" }), x);
  };

  const input = tf.input({ shape: [null, null, 3] });
  let x = convolve(input, 32, 3, { stride: 2 }), channels = 32;
  const grids: SymbolicTensor[] = [];
  for (const [factor, filters, count, firstStride] of BLOCKS) {
    for (let i = 0; i < count; i++) {
      const stride = i === 0 ? firstStride : 1;
      const wide = factor === 1 ? x : convolve(x, channels * factor, 1);
      const y = convolve(convolveDepth(wide, stride), filters, 1, { activation: "linear" });
      x = stride === 1 && channels === filters ? apply(tf.layers.add(), [x, y]) : y;
      channels = filters;
    }
    grids.push(x);
  }
  let y = convolve(x, WIDTH, 1);
  for (const grid of JOINING) {
    const coarse = enlarge(y);
    y = apply(tf.layers.add(), [coarse, convolve(grids[grid]!, WIDTH, 1)]);
  }
  y = convolve(y, WIDTH, 3);
  const outputs = [
    convolve(y, 1, 1, { activation: "sigmoid" }),
    convolve(y, 2, 1, { activation: "linear" }),
    convolve(y, 2, 1, { activation: "linear" }),
  ];
  return tf.model({ inputs: input, outputs });
}

/**
 * Builds the detector with the weights of CenterFace's ONNX file. The caller disposes it.
 *
 * @throws {TypeError} if the file is no ONNX file, or another network's
 */
export function startFromOnnx(bytes: Uint8Array): LayersModel {
  const convolutions = readOnnxConvolutions(bytes);
  const model = buildCenterFace();
  try {
    tf.tidy(() => {
      for (const layer of model.layers) {
        if (!layer.name.startsWith(NAME) || layer.weights.length === 0) continue;
        const convolution = convolutions[Number(layer.name.slice(NAME.length))];
        if (!convolution) throw new TypeError(`the ONNX file must hold ${layer.name}, got none`);
        layer.setWeights(toWeights(convolution));
      }
    });
    return model;
  } catch (cause) {
    model.dispose();
    throw new TypeError(`the ONNX file must hold CenterFace: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** PyTorch's layout to TensorFlow's. */
function toWeights({ kind, shape, weights, bias }: OnnxConvolution): Tensor[] {
  const order = kind === "depthwise" ? [2, 3, 0, 1] : [2, 3, 1, 0];
  return [tf.transpose(tf.tensor(weights, shape), order), tf.tensor1d(bias)];
}
