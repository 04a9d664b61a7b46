/**
 * The network that finds faces: an SSD on MobileNetV1, trained on WIDER FACE, whose weights come with
 * `@vladmandic/face-api`. Runs on any engine of TensorFlow.js, which it is given; loads nothing itself.
 */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { HeadOutput } from "./decode_heads.ts";

/** The part of TensorFlow.js that is needed: every build of it has it. */
export type Engine = Pick<
  typeof TensorFlow,
  | "add"
  | "concat"
  | "div"
  | "fused"
  | "gather"
  | "mul"
  | "reshape"
  | "rsqrt"
  | "slice"
  | "sub"
  | "tidy"
>;

/** A convolution, its bias, and a ReLU cut off at 6 unless it is a head. */
export interface Layer {
  /** `[rows, columns, from, to]`, or `[rows, columns, channels, 1]` where it is depthwise. */
  filters: Tensor4D;
  bias: Tensor1D;
  stride: 1 | 2;
  kind: "full" | "depthwise" | "head";
}

/** The layers of the network, in the order in which they run. */
export interface Ssd {
  /** MobileNetV1: a convolution, then 13 pairs of a depthwise and a pointwise one. */
  backbone: Layer[];
  /** Four pairs that go on to coarser grids. */
  extra: Layer[];
  /** One for each of six grids. Channels: four numbers a box for each anchor, then their logits. */
  heads: Layer[];
  /** What corrects the finest grid's head: from its grid, then from that and what the head says. */
  secondLook?: { hidden: Layer; output: Layer };
}

/** How a layer is run; an engine may know a quicker way than {@linkcode runLayer}. */
export type RunLayer = (x: Tensor4D, layer: Layer) => Tensor4D;

/** The variance's floor in the network's batch normalization. */
const EPSILON = 0.0010000000474974513;
/** Depthwise layers that halve the grid, by their number from 1. */
const HALVING = new Set([2, 4, 6, 12]);
/** Anchors of a cell of each grid. */
const ANCHORS = [3, 6, 6, 6, 6, 6];
/** What the names of the second look's weights begin with. */
export const SECOND_LOOK = "SecondLook";
/** Layers of the backbone up to the finest grid that a head looks at, and to the next. */
const [FINEST, NEXT] = [23, 27];
/** Scores for each anchor: background, face, and one that was never trained. */
const SCORES = 3;

/**
 * Builds the network from its weights, each batch normalization folded into its convolution.
 *
 * @param weights As `ssd_mobilenetv1_model` names them; stay the caller's.
 * @returns layers whose tensors the caller disposes
 * @throws {Error} if a weight is missing
 */
export function buildSsd(tf: Engine, weights: Record<string, Tensor>): Ssd {
  const weight = <T extends Tensor>(name: string): T => {
    const found = weights[name];
    if (!found) throw new Error(`the detector's weights lack ${name}`);
    return found as T;
  };
  const full = (name: string, stride: 1 | 2 = 1): Layer => ({
    filters: tf.add(weight<Tensor4D>(`${name}/weights`), 0),
    bias: tf.add(weight<Tensor1D>(`${name}/convolution_bn_offset`), 0),
    stride,
    kind: "full",
  });
  const depthwise = (name: string, stride: 1 | 2): Layer => ({
    ...tf.tidy(() => {
      const norm = (part: string) => weight<Tensor1D>(`${name}/BatchNorm/${part}`);
      const factor = tf.mul(norm("gamma"), tf.rsqrt(tf.add(norm("moving_variance"), EPSILON)));
      const filters = weight<Tensor4D>(`${name}/depthwise_weights`);
      return {
        filters: tf.mul(filters, tf.reshape(factor, [1, 1, -1, 1])) as Tensor4D,
        bias: tf.sub(norm("beta"), tf.mul(norm("moving_mean"), factor)) as Tensor1D,
      };
    }),
    stride,
    kind: "depthwise",
  });
  const head = (anchors: number, grid: number): Layer => ({
    ...tf.tidy(() => {
      const name = `Prediction/BoxPredictor_${grid}`;
      const ofFaces = Array.from({ length: anchors }, (_, anchor) => SCORES * anchor + 1);
      const join = (part: "weights" | "biases", axis: number) =>
        tf.concat([
          weight(`${name}/BoxEncodingPredictor/${part}`),
          tf.gather(weight(`${name}/ClassPredictor/${part}`), ofFaces, axis),
        ], axis);
      return { filters: join("weights", 3) as Tensor4D, bias: join("biases", 0) as Tensor1D };
    }),
    stride: 1,
    kind: "head",
  });

  const pairs = Array.from({ length: 13 }, (_, i) => i + 1).flatMap((number) => [
    depthwise(`MobilenetV1/Conv2d_${number}_depthwise`, HALVING.has(number) ? 2 : 1),
    full(`MobilenetV1/Conv2d_${number}_pointwise`),
  ]);
  const plain = (name: string, kind: Layer["kind"]): Layer => ({
    filters: tf.add(weight<Tensor4D>(`${name}/weights`), 0),
    bias: tf.add(weight<Tensor1D>(`${name}/biases`), 0),
    stride: 1,
    kind,
  });
  const hasSecondLook = `${SECOND_LOOK}/hidden/weights` in weights;
  return {
    backbone: [full("MobilenetV1/Conv2d_0_pointwise", 2), ...pairs],
    extra: Array.from(
      { length: 8 },
      (_, i) => full(`Prediction/Conv2d_${i}_pointwise`, i % 2 === 0 ? 1 : 2),
    ),
    heads: ANCHORS.map(head),
    ...(hasSecondLook && {
      secondLook: {
        hidden: plain(`${SECOND_LOOK}/hidden`, "full"),
        output: plain(`${SECOND_LOOK}/output`, "head"),
      },
    }),
  };
}

/** Disposes the network's tensors. */
export function disposeSsd({ backbone, extra, heads, secondLook }: Ssd): void {
  const second = secondLook ? [secondLook.hidden, secondLook.output] : [];
  for (const { filters, bias } of [...backbone, ...extra, ...heads, ...second]) {
    filters.dispose();
    bias.dispose();
  }
}

/** Runs a layer with what every build of TensorFlow.js has. */
export function makeRunLayer(tf: Engine): RunLayer {
  return (x, { filters, bias, stride, kind }) =>
    kind === "depthwise"
      ? tf.fused.depthwiseConv2d({
        x,
        filter: filters,
        strides: stride,
        pad: "same",
        bias,
        activation: "relu6",
      })
      : tf.fused.conv2d({
        x,
        filter: filters,
        strides: stride,
        pad: "same",
        bias,
        activation: kind === "head" ? "linear" : "relu6",
      });
}

/** One layer after the other; what lies between is freed at once, as it is 100 MB of a large photo. */
function runLayers(layers: readonly Layer[], x: Tensor4D, run: RunLayer): Tensor4D {
  return layers.reduce((y, layer) => {
    const next = run(y, layer);
    if (y !== x) y.dispose();
    return next;
  }, x);
}

/**
 * Runs the network up to its finest grid.
 *
 * @param x `[1, height, width, 3]` float32 RGB in 0..255
 * @returns `[1, rows, columns, 512]`; the caller, or the `tf.tidy` around, disposes it
 */
export function runFinestGrid(
  tf: Engine,
  { backbone }: Ssd,
  x: Tensor4D,
  run: RunLayer = makeRunLayer(tf),
): Tensor4D {
  return tf.tidy(() => {
    const scaled = tf.sub(tf.div(x, 127.5), 1) as Tensor4D;
    return runLayers(backbone.slice(0, FINEST), scaled, run);
  });
}

/**
 * Runs the network.
 *
 * @param x `[1, height, width, 3]` float32 RGB in 0..255; sides are multiples of 64 pixels, at best.
 * @returns what each grid says, finest first: see `decodeHeads`
 */
export async function runSsd(
  tf: Engine,
  ssd: Ssd,
  x: Tensor4D,
  run: RunLayer = makeRunLayer(tf),
): Promise<HeadOutput[]> {
  const outputs = tf.tidy(() => {
    const finest = runFinestGrid(tf, ssd, x, run);
    const grids = [finest, runLayers(ssd.backbone.slice(FINEST, NEXT), finest, run)];
    for (let i = 0; i < ssd.extra.length; i += 2) {
      grids.push(runLayers(ssd.extra.slice(i, i + 2), grids.at(-1)!, run));
    }
    const heads = ssd.heads.map((head, i) => run(grids[i]!, head));
    if (ssd.secondLook) {
      const { hidden, output } = ssd.secondLook;
      heads[0] = run(tf.concat([run(finest, hidden), heads[0]!], 3), output);
    }
    return heads;
  });
  return await Promise.all(outputs.map(async (output) => {
    const [, rows, columns] = output.shape;
    const values = await output.data<"float32">();
    output.dispose();
    return { rows, columns, values };
  }));
}
