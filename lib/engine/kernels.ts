/**
 * Makes plain `tf.layers` models train faster on the native backend: kernels, gradients and an optimizer
 * that TensorFlow has and tfjs-node does not use. Each is tried once on numbers whose result is known,
 * and left out where this libtensorflow lacks it or gives something else.
 *
 * First-order gradients only: a gradient of a gradient needs {@linkcode installKernels} switched off.
 *
 * Tried, and of no use: the filter's and the bias's gradient in one op (5% slower than two), freeing
 * gradients before the end of a step, other malloc thresholds, a fourth channel for the first
 * convolution, a batch in smaller parts, keeping oneDNN's primitives (TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE),
 * sums and products by other ops (Sum, BatchMatMulV2, oneDNN's MatMul), V8's always-sparkplug, oneDNN's
 * other instruction sets (ONEDNN_MAX_CPU_ISA), leaving out the row and column that a pooling drops (2%).
 */
import type { GradConfig, KernelConfig, Optimizer, Tensor, Tensor4D } from "@tensorflow/tfjs-node";
import { type AdamOptions, NativeAdam, StockAdam } from "./kernels/adam.ts";
import { engineReport, tf } from "./tensorflow.ts";
import {
  convThenRelu,
  convWithRelu,
  type LayerCall,
  makeConvCall,
  makeConvKernel,
  makeDenseCall,
  makeDenseKernel,
  makeDepthwiseCall,
  makeDepthwiseKernel,
} from "./kernels/layers.ts";
import { makeBatchNormCall, makeBatchNormKernel } from "./kernels/batch_norm.ts";
import { reserveHugePages } from "./kernels/huge_pages.ts";
import { type Compile, type CompiledModel, makeCompile } from "./kernels/loss.ts";
import { makeMaxPool } from "./kernels/pool.ts";
import { reluGradConfig, reluKernelConfig } from "./kernels/relu.ts";

/** What is replaced: by its own name, whether it is in use, or why not. */
export type KernelReport = Record<string, "on" | "off" | `left out: ${string}`>;

/** What {@linkcode installKernels} should do. */
export interface KernelOptions {
  /** `false` puts tfjs-node's own back. @default true, unless FACE_MASK_STOCK_KERNELS is set to 1 */
  enabled?: boolean;
}

/** Something that is replaced, and what tells whether it works here. */
interface Replacement {
  /** Puts it in and returns what takes it out again. */
  install(): () => void;
  /** Throws unless it works. */
  probe(): void;
}

const BACKEND = "tensorflow";
/** One of each kind of layer, to find its class by. */
const CONV = tf.layers.conv2d({ filters: 1, kernelSize: 1 });
const DENSE = tf.layers.dense({ units: 1 });
const DEPTHWISE = tf.layers.depthwiseConv2d({ kernelSize: 1 });
const BATCH_NORM = tf.layers.batchNormalization();

/** Later ones build on earlier ones; of two with the same place, the later one wins. */
const replacements: Record<string, Replacement> = {
  relu: {
    install: () => replaceKernel({ kernel: reluKernelConfig, gradient: reluGradConfig }),
    probe: () => expectGradients(tf.relu, [tf.tensor1d([-1, 2])], [[0, 1]]),
  },
  maxPool: {
    install: () => {
      const stock = {
        kernel: tf.getKernel("MaxPool", BACKEND),
        gradient: tf.getGradient("MaxPool"),
      };
      return replaceKernel(makeMaxPool(stock));
    },
    probe: () => {
      const x = tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1]);
      expectGradients((x) => tf.maxPool(x as Tensor4D, 2, 2, "valid"), [x], [[0, 1, 0, 0]]);
    },
  },
  conv2d: {
    install: () => replaceLayer(CONV, makeConvCall, makeConvKernel(convThenRelu)),
    probe: () => probeLayer("Conv2DWithBias", [1, 1, 2, 1], [1, 1, 1, 1]),
  },
  conv2dInOneOp: {
    install: () => replaceKernel(makeConvKernel(convWithRelu)),
    probe: () => probeLayer("Conv2DWithBias", [1, 1, 2, 1], [1, 1, 1, 1]),
  },
  dense: {
    install: () => replaceLayer(DENSE, makeDenseCall, makeDenseKernel()),
    probe: () => probeLayer("DenseWithBias", [2, 1], [1, 1]),
  },
  depthwise: {
    install: () => replaceLayer(DEPTHWISE, makeDepthwiseCall, makeDepthwiseKernel()),
    probe: () => probeLayer("DepthwiseConv2DWithBias", [1, 1, 2, 1], [1, 1, 1, 1]),
  },
  batchNorm: {
    install: () => replaceLayer(BATCH_NORM, makeBatchNormCall, makeBatchNormKernel()),
    probe: probeBatchNorm,
  },
  crossEntropy: {
    install: () => {
      const prototype = tf.LayersModel.prototype as unknown as { compile: Compile };
      const stock = prototype.compile;
      prototype.compile = makeCompile(stock);
      return () => prototype.compile = stock;
    },
    probe: probeCrossEntropy,
  },
  adam: { install: () => () => {}, probe: probeAdam },
  hugePages: { install: () => () => {}, probe: reserveHugePages },
};

let report: KernelReport = {};
let restore: (() => void)[] = [];

/**
 * Puts the replacements in, or takes them out again. Models that exist already change with it, their
 * loss when they are compiled. Calling it once more with the same option does nothing.
 *
 * @returns what is in use now
 * @example
 * ```ts
 * import { installKernels } from "./kernels.ts";
 *
 * console.log(installKernels());
 * ```
 */
export function installKernels(
  { enabled = Deno.env.get("FACE_MASK_STOCK_KERNELS") !== "1" }: KernelOptions = {},
): KernelReport {
  if (enabled && restore.length === 0) {
    report = {};
    for (const [name, replacement] of Object.entries(replacements)) {
      report[name] = tryInstall(replacement);
    }
  } else if (!enabled) {
    for (const undo of restore.toReversed()) undo();
    restore = [];
    report = Object.fromEntries(Object.keys(replacements).map((name) => [name, "off"]));
  }
  return { ...report };
}

/**
 * What does the arithmetic, for people: the versions, and the replacements in use or why one is not.
 *
 * @example
 * ```ts
 * import { describeEngine, installKernels } from "./kernels.ts";
 *
 * installKernels();
 * console.log(describeEngine());
 * ```
 */
export function describeEngine(): string {
  const { tfjsNode, libtensorflow } = engineReport();
  const names = Object.keys(report).filter((name) => report[name] === "on");
  const kernels = names.length > 0 ? `native ${names.join(", ")}` : "its own kernels";
  const rest = Object.entries(report).filter(([, state]) => state.startsWith("left out"));
  return [
    `TensorFlow ${libtensorflow} under tfjs-node ${tfjsNode}, with ${kernels}`,
    ...rest.map(([name, state]) => `${name} ${state}`),
  ].join("; ");
}

/**
 * Adam for `model.compile`: the native one, or tfjs's own while {@linkcode installKernels} has not put it
 * in. The caller disposes it.
 *
 * @throws {RangeError} if a constant is outside its range
 * @example
 * ```ts
 * import { createAdam } from "./kernels.ts";
 *
 * const optimizer = createAdam({ learningRate: 1e-4 });
 * optimizer.dispose();
 * ```
 */
export function createAdam(options: AdamOptions = {}): Optimizer {
  if (report.adam === "on") return new NativeAdam(options);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  return new StockAdam(learningRate, beta1, beta2, epsilon);
}

function tryInstall({ install, probe }: Replacement): KernelReport[string] {
  const undo = install();
  try {
    tf.tidy(probe);
    restore.push(undo);
    return "on";
  } catch (error) {
    undo();
    const [reason] = (error as Error).message.replace(/^Invalid TF_Status.*\nMessage: /, "").split(
      "\n",
    );
    return `left out: ${reason}`;
  }
}

/** Registers both in place of what has their name now; the function returned puts that back. */
function replaceKernel(
  { kernel, gradient }: { kernel: KernelConfig; gradient: GradConfig },
): () => void {
  const name = kernel.kernelName;
  const before = { kernel: tf.getKernel(name, BACKEND), gradient: tf.getGradient(name) };
  if (before.kernel) tf.unregisterKernel(name, BACKEND);
  if (before.gradient) tf.unregisterGradient(name);
  tf.registerKernel(kernel);
  tf.registerGradient(gradient);
  return () => {
    tf.unregisterKernel(name, BACKEND);
    tf.unregisterGradient(name);
    if (before.kernel) tf.registerKernel(before.kernel);
    if (before.gradient) tf.registerGradient(before.gradient);
  };
}

/** Registers the kernel, and has it called by this layer's class, or the class above that has `call`. */
function replaceLayer(
  layer: object,
  makeCall: (stock: LayerCall) => LayerCall,
  kernel: { kernel: KernelConfig; gradient: GradConfig },
): () => void {
  const restoreKernel = replaceKernel(kernel);
  let prototype = Object.getPrototypeOf(layer);
  while (!Object.hasOwn(prototype, "call")) prototype = Object.getPrototypeOf(prototype);
  const stock: LayerCall = prototype.call;
  prototype.call = makeCall(stock);
  return () => {
    prototype.call = stock;
    restoreKernel();
  };
}

/** Layers with one weight of 3 and a bias of 1 map 1 and -2 to 4 and, through the ReLU, 0. */
function probeLayer(kernelName: string, shape: number[], filterShape: number[]): void {
  const attrs = { strides: [1, 1], dilations: [1, 1], padding: "VALID", relu: true };
  expectGradients(
    (x, filter, bias) =>
      tf.engine().runKernel(kernelName, { x: x!, filter: filter!, bias: bias! }, attrs) as Tensor,
    [tf.tensor([1, -2], shape), tf.tensor([3], filterShape), tf.tensor1d([1])],
    [[3, 0], [1], [1]],
  );
}

/** 1 and 3 become -1 and 1; of the second one, scale and offset have a gradient of 1. */
function probeBatchNorm(): void {
  const second = tf.tensor4d([0, 1], [1, 1, 2, 1]);
  expectGradients(
    (x, scale, offset) => {
      const inputs = { x: x!, scale: scale!, offset: offset! };
      const [y] = tf.engine().runKernel("BatchNormTraining", inputs, { epsilon: 1e-7 }) as Tensor[];
      return tf.mul(y!, second);
    },
    [tf.tensor4d([1, 3], [1, 1, 2, 1]), tf.tensor1d([1]), tf.tensor1d([0])],
    [[0, 0], [1], [1]],
  );
}

/** The loss of two photos whose probabilities are 1/2 and 1/4, and its gradient. */
function probeCrossEntropy(): void {
  const layers = [tf.layers.activation({ activation: "linear", inputShape: [1] })];
  const model = tf.sequential({ layers });
  const optimizer = tf.train.sgd(1);
  model.compile({ optimizer, loss: "binaryCrossentropy" });
  optimizer.dispose();
  const { lossFunctions: [loss] } = (model as unknown as { model: CompiledModel }).model;
  const labels = tf.tensor2d([[1], [0]]);
  expectGradients((p) => loss!(labels, p!), [tf.tensor2d([[0.5], [0.25]])], [[-2, 4 / 3]]);
}

/** The first step is as long as the learning rate, whatever the gradient. */
function probeAdam(): void {
  const adam = new NativeAdam({ learningRate: 0.5 });
  const variable = tf.variable(tf.tensor1d([1, 1]));
  try {
    adam.applyGradients([{ name: variable.name, tensor: tf.tensor1d([2, -3]) }]);
    expectValues(variable, [0.5, 1.5]);
  } finally {
    adam.dispose();
    variable.dispose();
  }
}

/** Throws unless the gradients of the sum of `f`'s output are these. */
function expectGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor[],
  expected: number[][],
): void {
  const gradients = tf.grads((...inputs) => tf.sum(f(...inputs)))(inputs);
  gradients.forEach((gradient, index) => expectValues(gradient, expected[index]!));
}

function expectValues(tensor: Tensor, expected: number[]): void {
  const values = tensor.dataSync();
  if (expected.some((value, index) => Math.abs(values[index]! - value) > 1e-5)) {
    throw new Error(`gives ${values.join(", ")} in place of ${expected.join(", ")}`);
  }
}
