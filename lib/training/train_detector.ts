/** Trains the detector of faces: all of its layers, on crops of photos whose faces have boxes. */
import type { LayersModel, Tensor, Tensor4D, Variable } from "@tensorflow/tfjs-node";
import { join } from "node:path";
import { boxIou } from "../boxes.ts";
import { createCenterNetwork } from "../detection/center_network.ts";
import { STRIDE } from "../detection/decode_centers.ts";
import { PLATFORM } from "../detection/detector.ts";
import { createDetector, findFaces } from "../detection/find_faces.ts";
import { createAdam, installKernels } from "../engine/kernels.ts";
import { bytesToFloats } from "../engine/native_ops.ts";
import { digestModel } from "../engine/model_digest.ts";
import { tf } from "../engine/tensorflow.ts";
import { writeWhole } from "../files.ts";
import { decodePhoto } from "../images/decode_image.ts";
import { seededRandom, shuffle } from "../random.ts";
import type { OnProgress } from "../types.ts";
import { cosineDecay } from "./cosine_decay.ts";
import { type Crop, cutCrop, type PhotoOfFaces } from "./detector_crops.ts";

export type { PhotoOfFaces };

/** A weight, as tfjs-layers has it: its types say less. */
interface LayerVariable {
  originalName: string;
  shape: number[];
  read(): Tensor;
}

/** Options of {@linkcode trainDetector}. */
export interface TrainDetectorOptions {
  /** @default 3 */
  epochs?: number;
  /** Crops per step, one of each photo per epoch. @default 4 */
  batchSize?: number;
  /** Pixels of the square crops, a multiple of 32. @default 384 */
  side?: number;
  /** Of Adam, at its highest; rises over 150 steps, then falls to 0 as a cosine. @default 0.00003 */
  learningRate?: number;
  /** @default 42 */
  seed?: number;
  onProgress?: OnProgress;
  /** Stops the training: the model stays as it is then. */
  signal?: AbortSignal;
}

/** Half the bytes of float32; average precision is the same to 0.001. */
const FLOAT16 = { dtype: "float16" } as const;
/** Steps in which the learning rate rises. */
const WARM_UP = 150;
/** Weights of the losses of sizes and offsets beside the heat map's. */
const SIZE_WEIGHT = 0.5, OFFSET_WEIGHT = 0.5;
/** From this score on, what the detector finds where nothing is labelled is not held against it. */
const UNLABELLED_SCORE = 0.25;
/** A face that overlaps a labelled one by this share is that one. */
const SAME_FACE = 0.3;

/**
 * Adds to each photo what the detector finds in it and nobody labelled, to be ignored: sets of photos miss
 * faces of the background.
 *
 * @param model Of `buildCenterFace`'s kind; stays the caller's.
 * @throws the signal's reason
 */
export async function ignoreUnlabelled(
  model: LayersModel,
  photos: readonly PhotoOfFaces[],
  { onProgress, signal }: Pick<TrainDetectorOptions, "onProgress" | "signal"> = {},
): Promise<PhotoOfFaces[]> {
  const detector = createDetector(createCenterNetwork(model), PLATFORM);
  const all: PhotoOfFaces[] = [];
  for (const { file, faces } of photos) {
    signal?.throwIfAborted();
    const boxes = await findFaces(detector, await decodePhoto(file), {
      minScore: UNLABELLED_SCORE,
    });
    const unlabelled = boxes
      .filter((box) => faces.every((face) => boxIou(face.box, box) < SAME_FACE))
      .map(({ score: _, ...box }) => ({ box, isIgnored: true }));
    all.push({ file, faces: [...faces, ...unlabelled] });
    onProgress?.({ stage: "Finding unlabelled faces", done: all.length, total: photos.length });
  }
  return all;
}

/**
 * Trains the detector on crops of photos, all of its layers.
 *
 * Source of the loss: Zhou et al., 2019, Objects as Points, equation 1, https://arxiv.org/abs/1904.07850
 *
 * @param model Of `buildCenterFace`'s kind; learns, and stays the caller's.
 * @throws {RangeError} if an option is out of its range, or there are fewer photos than a step has crops
 * @throws the signal's reason
 */
export async function trainDetector(
  model: LayersModel,
  photos: readonly PhotoOfFaces[],
  { epochs = 3, batchSize = 4, side = 384, learningRate = 3e-5, seed = 42, onProgress, signal }:
    TrainDetectorOptions = {},
): Promise<void> {
  if (!Number.isInteger(side) || side < 32 || side % 32 !== 0) {
    throw new RangeError(`side must be a multiple of 32 pixels, got ${side}`);
  }
  const steps = Math.floor(photos.length / batchSize);
  if (steps < 1) {
    throw new RangeError(`photos must be at least batchSize (${batchSize}), got ${photos.length}`);
  }
  installKernels();
  const random = seededRandom(seed);
  const optimizer = createAdam({ learningRate });
  const variables = model.trainableWeights.map((weight) =>
    (weight as unknown as { val: Variable }).val
  );
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffle(photos, random);
      const cut = (step: number) =>
        Promise.all(
          order.slice(step * batchSize, (step + 1) * batchSize)
            .map((photo) => cutCrop(photo, side, random)),
        );
      let next = cut(0);
      for (let step = 0; step < steps; step++) {
        const crops = await next;
        next = step + 1 < steps ? cut(step + 1) : Promise.resolve([]);
        next.catch(() => {}); // told when its turn has come
        signal?.throwIfAborted();
        const done = epoch * steps + step;
        const rate = learningRate * Math.min(1, (done + 1) / WARM_UP);
        Object.assign(optimizer, { learningRate: rate * cosineDecay(done / (epochs * steps)) });
        const loss = await trainStep(model, crops, side, (compute) => {
          const { value, grads } = tf.variableGrads(compute, variables);
          optimizer.applyGradients(grads);
          return value;
        });
        onProgress?.({
          stage: "Training the detector",
          done: done + 1,
          total: epochs * steps,
          detail: `loss ${loss.toFixed(3)}`,
        });
      }
    }
  } finally {
    optimizer.dispose();
  }
}

async function trainStep(
  model: LayersModel,
  crops: readonly Crop[],
  side: number,
  minimize: (compute: () => ReturnType<Tensor["asScalar"]>) => Tensor,
): Promise<number> {
  const loss = tf.tidy(() => {
    const cells = side / STRIDE, count = crops.length;
    const x = tf.stack(crops.map(({ pixels }) => bytesToFloats(pixels, [side, side, 3], 1)));
    const join = (name: "heat" | "mask" | "centres" | "sizes" | "offsets", channels: number) =>
      tf.stack(crops.map((crop) => tf.tensor(crop[name], [cells, cells, channels]))) as Tensor4D;
    const wanted = {
      heat: join("heat", 1),
      mask: join("mask", 1),
      centres: join("centres", 1),
      sizes: join("sizes", 2),
      offsets: join("offsets", 2),
    };
    if (x.shape[0] !== count) throw new RangeError("a step needs crops");
    return minimize(() => computeLoss(model.apply(x, { training: true }) as Tensor[], wanted));
  });
  const [value] = await loss.data();
  loss.dispose();
  return value!;
}

/** The focal loss of the heat map, and the mean error of sizes and offsets at the centres. */
function computeLoss(
  [heat, sizes, offsets]: Tensor[],
  wanted: Record<"heat" | "mask" | "centres" | "sizes" | "offsets", Tensor4D>,
) {
  const { centres } = wanted;
  const said = tf.clipByValue(heat!, 1e-5, 1 - 1e-5);
  const others = tf.mul(wanted.mask, tf.sub(1, centres));
  const found = tf.mul(tf.mul(tf.log(said), tf.square(tf.sub(1, said))), centres);
  const farness = tf.mul(tf.pow(tf.sub(1, wanted.heat), 4), others);
  const missed = tf.mul(tf.mul(tf.log(tf.sub(1, said)), tf.square(said)), farness);
  const error = (given: Tensor, aim: Tensor) => tf.sum(tf.mul(tf.abs(tf.sub(given, aim)), centres));
  const total = tf.addN([
    tf.neg(tf.add(tf.sum(found), tf.sum(missed))),
    tf.mul(SIZE_WEIGHT, error(sizes!, wanted.sizes)),
    tf.mul(OFFSET_WEIGHT, error(offsets!, wanted.offsets)),
  ]);
  return tf.div(total, tf.maximum(tf.sum(centres), 1)).asScalar();
}

/**
 * Saves the detector as {@linkcode loadDetector} reads it: `model.json` with digests, and `weights.bin` of
 * float16. The folder's other files stay.
 *
 * @param info What is to be known of the training.
 */
export async function saveDetector(
  model: LayersModel,
  folder: string,
  info: Record<string, unknown> = {},
): Promise<void> {
  const specs: Parameters<typeof tf.io.decodeWeights>[1] = [];
  const halves: Uint8Array<ArrayBuffer>[] = [];
  for (const weight of model.weights as unknown as LayerVariable[]) {
    const { originalName: name, shape } = weight;
    const values = await weight.read().data<"float32">();
    specs.push({ name, shape, dtype: "float32", quantization: FLOAT16 });
    halves.push(new Uint8Array(Float16Array.from(values).buffer));
  }
  const weights = new Uint8Array(await new Blob(halves).arrayBuffer());
  const json = {
    modelTopology: model.toJSON(null, false) as object,
    format: "layers-model",
    generatedBy: `TensorFlow.js tfjs-layers v${tf.version["tfjs-layers"]}`,
    convertedBy: null,
    weightsManifest: [{ paths: ["weights.bin"], weights: specs }],
    userDefinedMetadata: info,
  };
  const sha256 = await digestModel(json, weights);
  await writeWhole(join(folder, "weights.bin"), weights);
  await writeWhole(
    join(folder, "model.json"),
    JSON.stringify({ ...json, userDefinedMetadata: { ...info, sha256 } }),
  );
}
