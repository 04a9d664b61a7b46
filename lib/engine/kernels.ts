/**
 * Trains `tf.layers` models faster on the native backend, with kernels, gradients and an optimizer that
 * TensorFlow has and tfjs-node does not use. Each is tested once on numbers with a known result. It is left
 * out if this libtensorflow lacks it or computes another result.
 *
 * Supports first-order gradients only: switch {@linkcode installKernels} off for higher orders.
 */
import type { Optimizer, Tensor4D } from "@tensorflow/tfjs-node";
import { type AdamOptions, NativeAdam, StockAdam } from "./kernels/adam.ts";
import { engineReport, tf } from "./tensorflow.ts";
import {
  convThenRelu,
  convWithRelu,
  makeConvCall,
  makeConvKernel,
  makeDenseCall,
  makeDenseKernel,
  makeDepthwiseCall,
  makeDepthwiseKernel,
} from "./kernels/layers.ts";
import { makeBatchNormCall, makeBatchNormKernel } from "./kernels/batch_norm.ts";
import { reserveHugePages } from "./kernels/huge_pages.ts";
import { type Compile, makeCompile } from "./kernels/loss.ts";
import { makeMaxPool } from "./kernels/pool.ts";
import {
  expectGradients,
  probeAdam,
  probeBatchNorm,
  probeCrossEntropy,
  probeLayer,
} from "./kernels/probes.ts";
import { BACKEND, replaceKernel, replaceLayer } from "./kernels/replace.ts";
import { reluGradConfig, reluKernelConfig } from "./kernels/relu.ts";

/** The state of each replacement, by name, with the reason if it is left out. */
export type KernelReport = Record<string, "on" | "off" | `left out: ${string}`>;

/** Options of {@linkcode installKernels}. */
export interface KernelOptions {
  /** `false` restores tfjs-node's own kernels. @default true, unless FACE_MASK_STOCK_KERNELS is set to 1 */
  enabled?: boolean;
}

/** A replacement and its test. */
interface Replacement {
  /** Installs it, and returns a function that removes it. */
  install(): () => void;
  /** Throws if it does not work. */
  probe(): void;
}

/** One layer of each kind: its class is found through it. */
const CONV = tf.layers.conv2d({ filters: 1, kernelSize: 1 });
const DENSE = tf.layers.dense({ units: 1 });
const DEPTHWISE = tf.layers.depthwiseConv2d({ kernelSize: 1 });
const BATCH_NORM = tf.layers.batchNormalization();

/** Later ones build on earlier ones; a later kernel of the same name wins. */
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
 * Installs the replacements, or removes them. Existing models use them too; their loss does when they are
 * compiled again. A second call with the same option does nothing.
 *
 * @returns the state of each replacement
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
 * Describes the engine in words: its versions, and the state of the replacements.
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
 * Creates an Adam optimizer for `model.compile`: the native one if {@linkcode installKernels} has installed
 * it, else that of tfjs. The caller disposes it.
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
