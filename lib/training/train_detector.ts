/**
 * Teaches the detector a second look: two small layers on its finest grid that correct boxes and scores of
 * faces of up to some 100 pixels of its input. The network under them stays as it is.
 */
import type { NamedTensorMap, Tensor, Tensor2D, Variable } from "@tensorflow/tfjs-node";
import { join } from "node:path";
import { SECOND_LOOK } from "../detection/ssd.ts";
import type { Detector } from "../detection/find_faces.ts";
import type { SsdNetwork } from "../detection/ssd_network.ts";
import { cosineDecay } from "./cosine_decay.ts";
import { tf } from "../engine/tensorflow.ts";
import { decodePhoto } from "../images/decode_image.ts";
import { seededRandom, shuffle } from "../random.ts";
import {
  BOX_NUMBERS,
  type Cell,
  CHANNELS,
  FINEST,
  mirror,
  OUTPUTS,
  readCells,
} from "./detector_cells.ts";
import type { Box, OnProgress } from "../types.ts";
import { writeWhole } from "../files.ts";

/** A photo and all faces in it. */
export interface PhotoOfFaces {
  file: string;
  boxes: readonly Box[];
}

/** Options of {@linkcode trainSecondLook}. */
export interface SecondLookOptions {
  /** Pixels of the longer side in which each photo is shown, half of them mirrored. @default [512, 768] */
  sizes?: readonly number[];
  /** Units of the hidden layer. @default 64 */
  hidden?: number;
  /** @default 10 */
  epochs?: number;
  /** Cells of the grid a step. @default 512 */
  batchSize?: number;
  /** Of Adam, at the start; falls to 0 as a cosine. @default 0.001 */
  learningRate?: number;
  /** Share of the grid's channels that is dropped while learning. @default 0.3 */
  dropout?: number;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
}

/** How much a box's error counts beside the score's. */
const BOX_WEIGHT = 4;
/** Errors of a box up to this share of its size count squared. */
const HUBER = 0.1;

/**
 * Trains the second look on photos whose faces are all known.
 *
 * A face counts as found by an anchor whose box overlaps it by half; the score aims at the overlap, so that
 * of several boxes the best survives. At the end the logits are averaged with the first look's, which has
 * seen more faces.
 *
 * @param detector Without a second look of its own; stays as it is.
 * @returns weights by name, which the caller disposes; see {@linkcode saveSecondLook}
 * @throws {RangeError} if the detector has a second look already, or nothing in the photos looks like a face
 */
export async function trainSecondLook(
  detector: Detector<SsdNetwork>,
  photos: readonly PhotoOfFaces[],
  { sizes = [512, 768], hidden = 64, epochs = 10, batchSize = 512, learningRate = 1e-3, ...rest }:
    SecondLookOptions = {},
): Promise<NamedTensorMap> {
  const { dropout = 0.3, seed = 42, onProgress } = rest;
  if (detector.network.ssd.secondLook) {
    throw new RangeError("the detector has a second look already");
  }
  const random = seededRandom(seed);
  const cells: Cell[] = [];
  for (const [done, { file, boxes }] of photos.entries()) {
    const photo = await decodePhoto(file);
    for (const size of sizes) {
      const [shown, faces] = random() < 0.5 ? mirror(photo, boxes) : [photo, boxes];
      cells.push(...await readCells(detector, shown, faces, size, random));
    }
    onProgress?.({ stage: "looking at photos", done: done + 1, total: photos.length });
  }

  if (cells.length === 0) {
    throw new RangeError(
      `no cell of ${photos.length} photos looks like a face: nothing to learn from`,
    );
  }
  const weights = makeWeights(hidden, seed);
  const optimizer = tf.train.adam(learningRate);
  const steps = Math.max(1, Math.floor(cells.length / batchSize));
  let order: readonly Cell[] = cells;
  for (let step = 0; step < epochs * steps; step++) {
    if (step % steps === 0) order = shuffle(order, random);
    const batch = order.slice(step % steps * batchSize, (step % steps + 1) * batchSize);
    Object.assign(optimizer, {
      learningRate: learningRate * cosineDecay(step / (epochs * steps)),
    });
    tf.tidy(() => {
      const x = stackRows(batch.map(({ x }) => x)), y = stackRows(batch.map(({ y }) => y));
      optimizer.minimize(() => judge(look(x, weights, { dropout, seed: seed + step }), y));
    });
    onProgress?.({ stage: "learning", done: step + 1, total: epochs * steps });
  }
  optimizer.dispose();
  const trained = tf.tidy(() => exportWeights(weights));
  tf.dispose(Object.values(weights));
  return trained;
}

/** Writes the weights as {@linkcode loadDetector} reads them; the folder's other files stay. */
export async function saveSecondLook(weights: NamedTensorMap, folder: string): Promise<void> {
  const { data, specs } = await tf.io.encodeWeights(weights);
  const manifest = [{ paths: ["weights.bin"], weights: specs }];
  await writeWhole(join(folder, "weights.bin"), new Uint8Array(data));
  await writeWhole(join(folder, "weights_manifest.json"), JSON.stringify(manifest) + "\n");
}

type Weights = Record<"hidden" | "hiddenBias" | "output" | "outputBias", Variable>;

/** The output layer says at first what the head says. */
function makeWeights(hidden: number, seed: number): Weights {
  const spread = Math.sqrt(6 / (CHANNELS + hidden)); // X. Glorot and Y. Bengio, 2010
  return tf.tidy(() => ({
    hidden: tf.variable(tf.randomUniform([CHANNELS, hidden], -spread, spread, "float32", seed)),
    hiddenBias: tf.variable(tf.zeros([hidden])),
    output: tf.variable(tf.concat([tf.zeros([hidden, OUTPUTS]), tf.eye(OUTPUTS)], 0)),
    outputBias: tf.variable(tf.zeros([OUTPUTS])),
  }));
}

function look(
  x: Tensor2D,
  { hidden, hiddenBias, output, outputBias }: Weights,
  { dropout, seed }: { dropout: number; seed: number },
): Tensor2D {
  const [channels, said] = tf.split(x, [CHANNELS, OUTPUTS], 1) as [Tensor2D, Tensor2D];
  const kept = tf.dropout(channels, dropout, undefined, seed) as Tensor2D;
  const y = tf.relu6(tf.add(tf.matMul(kept, hidden as Tensor2D), hiddenBias)) as Tensor2D;
  return tf.add(tf.matMul(tf.concat([y, said], 1), output as Tensor2D), outputBias);
}

/** Cross-entropy of the scores, and Huber's loss of the boxes of those that are faces. */
function judge(said: Tensor2D, y: Tensor2D) {
  const scores = FINEST.length;
  const [boxes, logits] = tf.split(said, [BOX_NUMBERS, scores], 1);
  const [wanted, weights, aims, counts] = tf.split(
    y,
    [BOX_NUMBERS, BOX_NUMBERS, scores, scores],
    1,
  );
  const entropy = tf.sub(
    tf.add(tf.relu(logits!), tf.log1p(tf.exp(tf.neg(tf.abs(logits!))))),
    tf.mul(logits!, aims!),
  );
  const error = tf.mul(tf.abs(tf.sub(boxes!, wanted!)), weights!);
  const small = tf.clipByValue(error, 0, HUBER);
  const huber = tf.add(tf.div(tf.square(small), 2 * HUBER), tf.sub(error, small));
  const total: Tensor = tf.add(
    tf.sum(tf.mul(entropy, counts!)),
    tf.mul(tf.sum(huber), BOX_WEIGHT),
  );
  return tf.div(total, said.shape[0]).asScalar();
}

/** As layers of the network, the logits averaged with the first look's. */
function exportWeights({ hidden, hiddenBias, output, outputBias }: Weights): NamedTensorMap {
  const units = hidden.shape[1]!;
  const isLogit = Float32Array.from({ length: OUTPUTS }, (_, i) => Number(i >= BOX_NUMBERS));
  const half = tf.sub(1, tf.mul(isLogit, 0.5));
  const firstLook = tf.concat([
    tf.zeros([units, OUTPUTS]),
    tf.mul(tf.eye(OUTPUTS), tf.mul(isLogit, 0.5)),
  ], 0);
  return {
    [`${SECOND_LOOK}/hidden/weights`]: tf.reshape(hidden, [1, 1, CHANNELS, units]),
    [`${SECOND_LOOK}/hidden/biases`]: tf.add(hiddenBias, 0),
    [`${SECOND_LOOK}/output/weights`]: tf.reshape(
      tf.add(tf.mul(output, half), firstLook),
      [1, 1, units + OUTPUTS, OUTPUTS],
    ),
    [`${SECOND_LOOK}/output/biases`]: tf.mul(outputBias, half),
  };
}

function stackRows(rows: readonly Float32Array[]): Tensor2D {
  const width = rows[0]!.length;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, i) => all.set(row, i * width));
  return tf.tensor2d(all, [rows.length, width]);
}
