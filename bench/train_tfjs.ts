/**
 * The tfjs-node processes of bench/train.ts: `ours` or `stock`, by the first argument. Reads JSON lines on
 * stdin, answers with JSON lines on stdout.
 */
import type { Sequential, Tensor } from "@tensorflow/tfjs-node";
import { makeBatch } from "../lib/model/batches.ts";
import { engineReport, tf } from "../lib/engine/tensorflow.ts";
import { createAdam, installKernels } from "../lib/engine/kernels.ts";
import { buildCnn } from "../lib/model/cnn.ts";
import { seededRandom } from "../lib/random.ts";
import { CLASSES, type ImageSet } from "../lib/types.ts";

/** One round: an epoch over this number of photos. */
export interface Request {
  task: "train" | "profile" | "peak";
  images: number;
  batchSize: number;
  classes: number;
}

export interface Answer {
  seconds: number;
  /** Peak resident memory of the process so far. */
  peakRssMb: number;
  libtensorflow: string;
  /** Milliseconds per step of each op; only for the task "profile". */
  costs?: Record<string, number>;
  /** Floating-point operations per second in one large matrix product; only for the task "peak". */
  flops?: number;
}

const SIZE = 128;
type Epoch = (request: Request) => Promise<void>;

/** This project's training: bytes in memory, floats one batch at a time. */
function ours(): Epoch {
  installKernels();
  const models = new Map<number, Sequential>();
  const random = seededRandom(1);
  let images: ImageSet = { size: SIZE, pixels: new Uint8Array(), samples: [], unreadable: [] };
  return async ({ images: count, batchSize, classes }) => {
    const names = CLASSES[classes === 2 ? "binary" : "three-class"];
    const model = models.get(classes) ?? compile(buildCnn({ classes }), classes, createAdam());
    models.set(classes, model);
    if (images.samples.length !== count) {
      images = {
        ...images,
        pixels: Uint8Array.from({ length: count * SIZE ** 2 * 3 }, () => 256 * random()),
        samples: Array.from({ length: count }, (_, i) => ({
          file: `${i}.png`,
          className: names[i % 2]!,
        })),
      };
    }
    for (let first = 0; first < count; first += batchSize) {
      const indices = Array.from({ length: batchSize }, (_, i) => first + i);
      const { x, y } = makeBatch(images, indices, names);
      await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
    }
  };
}

/** Usual tfjs-node code. */
function stock(): Epoch {
  const models = new Map<number, Sequential>();
  let data: { x: Tensor; y: Tensor } | undefined;
  return async ({ images, batchSize, classes }) => {
    const model = models.get(classes) ?? compile(buildStockCnn(classes), classes, "adam");
    models.set(classes, model);
    if (data?.x.shape[0] !== images || data.y.shape[1] !== (classes === 2 ? 1 : classes)) {
      tf.dispose(data);
      data = tf.tidy(() => {
        const labels = tf.randomUniform([images], 0, classes, "int32", 1);
        const y = classes === 2 ? labels.expandDims(1) : tf.oneHot(labels as never, classes);
        return { x: tf.randomUniform([images, SIZE, SIZE, 3], 0, 1, "float32", 1), y: y.toFloat() };
      });
    }
    await model.fit(data.x, data.y, { batchSize, epochs: 1, verbose: 0 });
  };
}

function buildStockCnn(classes: number): Sequential {
  const { conv2d, maxPooling2d, flatten, dense, dropout } = tf.layers;
  return tf.sequential({
    layers: [
      conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [SIZE, SIZE, 3] }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 128, kernelSize: 3, activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 128, activation: "relu" }),
      dropout({ rate: 0.5 }),
      dense({ units: 64, activation: "relu" }),
      dropout({ rate: 0.5 }),
      classes === 2
        ? dense({ units: 1, activation: "sigmoid" })
        : dense({ units: classes, activation: "softmax" }),
    ],
  });
}

function compile(
  model: Sequential,
  classes: number,
  optimizer: Parameters<Sequential["compile"]>[0]["optimizer"],
): Sequential {
  const loss = classes === 2 ? "binaryCrossentropy" : "categoricalCrossentropy";
  model.compile({ optimizer, loss, metrics: ["accuracy"] });
  return model;
}

/** Measures the milliseconds per step of each op, around the calls into the native library. */
async function profile(epoch: Epoch, request: Request): Promise<Record<string, number>> {
  const backend = tf.backend() as unknown as Record<
    string,
    (op: string, ...rest: unknown[]) => unknown
  >;
  const costs: Record<string, number> = {};
  const methods = ["executeSingleOutput", "executeMultipleOutputs"] as const;
  for (const method of methods) {
    const call = backend[method]!.bind(backend);
    backend[method] = (op, ...rest) => {
      const start = performance.now();
      const result = call(op, ...rest);
      costs[op] = (costs[op] ?? 0) + performance.now() - start;
      return result;
    };
  }
  await epoch(request);
  for (const method of methods) delete backend[method];
  const steps = request.images / request.batchSize;
  return Object.fromEntries(Object.entries(costs).map(([op, ms]) => [op, ms / steps]));
}

/** Returns the best speed of several products of two square matrices. */
function measurePeak(side = 2048, repeats = 8): number {
  const matrix = tf.randomUniform([side, side]);
  let best = Infinity;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    tf.matMul(matrix, matrix).dispose();
    best = Math.min(best, performance.now() - start);
  }
  matrix.dispose();
  return 2 * side ** 3 / (best / 1000);
}

export function peakRssMb(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024);
}

if (import.meta.main) {
  const epoch = Deno.args[0] === "ours" ? ours() : stock();
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const request: Request = JSON.parse(line);
      const start = performance.now();
      const extra = request.task === "profile"
        ? { costs: await profile(epoch, request) }
        : request.task === "peak"
        ? { flops: measurePeak() }
        : await epoch(request);
      const answer: Answer = {
        seconds: (performance.now() - start) / 1000,
        peakRssMb: peakRssMb(),
        libtensorflow: engineReport().libtensorflow,
        ...extra,
      };
      console.log(JSON.stringify(answer));
    }
  }
}
