/// <reference lib="dom" />
/** Finds faces and judges them, in the browser: the same steps as `detectMasks` of lib/detection/detector.ts. */
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { MIN_SCORE, type Pass, planPass, readFaces, SIZES } from "../lib/detection/read_faces.ts";
import type { FaceBox, HeadOutput } from "../lib/detection/decode_heads.ts";
import { buildSsd, runSsd, type Ssd } from "../lib/detection/ssd.ts";
import type { Photo } from "../lib/photo.ts";
import { type Prediction, toPredictions } from "../lib/model/predictions.ts";
import { resamplePhoto } from "../lib/images/resample.ts";
import type { ModelInfo } from "../lib/model/saved_model.ts";
import { FACE_MARGIN } from "../lib/types.ts";

/** Both networks, in memory for as long as the page is open. */
export interface Networks {
  ssd: Ssd;
  model: LayersModel;
  info: ModelInfo;
}

/**
 * Loads both networks from this page's server.
 *
 * @throws {Error} if one cannot be loaded, or the classifier does not say what it is for
 */
export async function loadNetworks(): Promise<Networks> {
  const [ssd, model] = await Promise.all([loadSsd(), loadLayersModel("/model/model.json")]);
  const info = model.getUserDefinedMetadata() as Partial<ModelInfo> | undefined;
  if (!info?.classes || !info.size) {
    throw new Error(
      "the classifier's model.json names neither classes nor size: was it trained here?",
    );
  }
  return { ssd, model, info: info as ModelInfo };
}

/** The detector's own weights, and those that correct it. */
async function loadSsd(): Promise<Ssd> {
  const [own, secondLook] = await Promise.all([
    loadWeights("/detector/ssd_mobilenetv1_model-weights_manifest.json"),
    loadWeights("/second_look/weights_manifest.json"),
  ]);
  const weights = { ...own, ...secondLook };
  try {
    return buildSsd(tf, weights);
  } finally {
    tf.dispose(weights);
  }
}

/** Weights in one file and what they are in another, as TensorFlow.js keeps them. */
async function loadWeights(manifest: string): Promise<tf.NamedTensorMap> {
  const [{ paths: [name], weights }] = await (await fetchWhole(manifest)).json();
  const bytes = await fetchWhole(new URL(name, new URL(manifest, location.href)));
  return tf.io.decodeWeights(await bytes.arrayBuffer(), weights);
}

async function fetchWhole(path: string | URL): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} could not be loaded: ${response.status}`);
  return response;
}

/**
 * Finds the faces of a photo and classifies each.
 *
 * @returns the faces, those first that the detector is surest of
 */
export async function findMasks(
  { ssd, model, info }: Networks,
  photo: Photo,
  { minScore = MIN_SCORE, sizes = SIZES }: DetectOptions = {},
): Promise<MaskDetection[]> {
  const seen: { pass: Pass; heads: HeadOutput[] }[] = [];
  for (const size of sizes) {
    const pass = planPass(photo, size);
    const x = toInput(photo, pass);
    seen.push({ pass, heads: await runSsd(tf, ssd, x).finally(() => x.dispose()) });
  }
  const faces = readFaces(seen, photo, { minScore, hasSecondLook: true });
  const predictions = await classifyFaces(model, info, photo, faces);
  return faces.map(({ score, ...box }, i) => ({ box, ...predictions[i]!, score }));
}

/** The photo as the detector takes it. */
function toInput(photo: Photo, pass: Pass): tf.Tensor4D {
  const { width, height, inputWidth, inputHeight } = pass;
  return tf.tidy(() =>
    tf.pad(toFloats([resamplePhoto(photo, pass)], [height, width]), [
      [0, 0],
      [0, inputHeight - height],
      [0, inputWidth - width],
      [0, 0],
    ])
  );
}

async function classifyFaces(
  model: LayersModel,
  { size, classes, margin = FACE_MARGIN }: ModelInfo,
  photo: Photo,
  boxes: readonly FaceBox[],
): Promise<Prediction[]> {
  if (boxes.length === 0) return [];
  const square = { width: size, height: size };
  const faces = boxes.map((box) => resamplePhoto(photo, square, { box, margin }));
  const output = tf.tidy(() =>
    model.predictOnBatch(tf.div(toFloats(faces, [size, size]), 255)) as tf.Tensor
  );
  const scores = await output.data<"float32">();
  output.dispose();
  return toPredictions(scores, classes);
}

/** `[pictures.length, height, width, 3]` float32 in 0..255, from bytes. */
function toFloats(pictures: Uint8Array[], [height, width]: [number, number]): tf.Tensor4D {
  const floats = new Float32Array(pictures.length * height * width * 3);
  for (const [i, picture] of pictures.entries()) floats.set(picture, i * picture.length);
  return tf.tensor4d(floats, [pictures.length, height, width, 3]);
}
