/** This project's process of bench/predict.ts: reads JSON lines on stdin, answers with JSON lines on stdout. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../lib/engine/tensorflow.ts";
import { buildCnn } from "../lib/model/cnn.ts";
import {
  type Attribute,
  attribute,
  bytesToFloats,
  FLOAT,
  NHWC,
  ONEDNN,
  runOp,
  runOpOutputs,
} from "../lib/engine/native_ops.ts";
import { predictImages } from "../lib/model/predict_images.ts";
import { seededRandom } from "../lib/random.ts";
import type { ImageSet } from "../lib/types.ts";
import { readLines } from "./peers.ts";
import type { Answer, Request } from "./predict.ts";
import { peakRssMb } from "./train_tfjs.ts";

const SIZE = 128;
const REPEATS = 50;
const model = buildCnn();

function makeImages(count: number): ImageSet {
  const random = seededRandom(1);
  return {
    size: SIZE,
    pixels: Uint8Array.from({ length: count * SIZE ** 2 * 3 }, () => 256 * random()),
    samples: Array.from({ length: count }, (_, i) => ({
      file: `${i}.png`,
      className: "with_mask",
    })),
    unreadable: [],
  };
}

/** Runs the native ops of a prediction, without tf.layers and tfjs's kernels. */
function runBareOps(pixels: Uint8Array): number {
  const fused = (ops: string): Attribute[] => [
    FLOAT,
    attribute.int("strides", [1, 1, 1, 1]),
    attribute.string("padding", "VALID"),
    NHWC,
    attribute.int("num_args", 1),
    attribute.type("TArgs"),
    attribute.string("fused_ops", ops),
    ONEDNN,
  ];
  const pool: Attribute[] = [
    FLOAT,
    attribute.int("ksize", [1, 2, 2, 1]),
    attribute.int("strides", [1, 2, 2, 1]),
    attribute.string("padding", "VALID"),
    NHWC,
    ONEDNN,
  ];
  const matMul = [
    FLOAT,
    attribute.bool("transpose_a", false),
    attribute.bool("transpose_b", false),
  ];
  return tf.tidy(() => {
    const weights = model.getWeights();
    let x: Tensor = bytesToFloats(pixels, [1, SIZE, SIZE, 3], 255);
    for (const layer of [0, 1, 2]) {
      const [filter, bias] = weights.slice(2 * layer) as [Tensor, Tensor];
      x = runOp("_MklNativeFusedConv2D", fused("BiasAdd,Relu"), [x, filter, bias]);
      [x] = runOpOutputs("_MklNativeMaxPool", pool, [x], 2) as [Tensor, Tensor];
    }
    x = tf.reshape(x, [1, -1]);
    for (const [layer, activation] of [[3, "Relu"], [4, "Relu"], [5, "Sigmoid"]] as const) {
      const [matrix, bias] = weights.slice(2 * layer) as [Tensor, Tensor];
      x = runOp("BiasAdd", [FLOAT, NHWC], [runOp("MatMul", matMul, [x, matrix]), bias]);
      x = runOp(activation, [FLOAT], [x]);
    }
    return x.dataSync()[0]!;
  });
}

async function medianSeconds(run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) / 1000);
  }
  return times.toSorted((a, b) => a - b)[REPEATS / 2]!;
}

let images = makeImages(0);
for await (const line of readLines(Deno.stdin.readable)) {
  const { task, images: count, batchSize }: Request = JSON.parse(line);
  if (images.samples.length !== count) images = makeImages(count);
  let seconds: number;
  if (task === "batches") {
    const start = performance.now();
    await predictImages(model, images, undefined, { batchSize });
    seconds = (performance.now() - start) / 1000;
  } else {
    const face = images.pixels.slice(0, SIZE ** 2 * 3);
    const run = task === "face" ? () => predictImages(model, images, [0]) : () => runBareOps(face);
    seconds = await medianSeconds(run);
  }
  const answer: Answer = { seconds, peakRssMb: peakRssMb() };
  console.log(JSON.stringify(answer));
}
