/// <reference lib="dom" />
/** Finds faces and judges them, in the browser: the same steps as `detectMasks` of lib/detect.ts. */
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { MaskDetection } from "../lib/detect.ts";
import { correctBox, mergeBoxes, planPass } from "../lib/detect/boxes.ts";
import { decodeHeads, type FaceBox } from "../lib/detect/decode.ts";
import { buildSsd, runSsd, type Ssd } from "../lib/detect/ssd.ts";
import type { Photo } from "../lib/image.ts";
import type { Prediction } from "../lib/predict.ts";
import { resamplePhoto } from "../lib/resample.ts";
import type { ModelInfo } from "../lib/saved_model.ts";
import { type ClassName, FACE_MARGIN } from "../lib/types.ts";

/** Both networks, in memory for as long as the page is open. */
export interface Networks {
  ssd: Ssd;
  model: LayersModel;
  info: ModelInfo;
}

/** Loads both networks from this page's server. */
export async function loadNetworks(): Promise<Networks> {
  const [ssd, model] = await Promise.all([loadSsd(), loadLayersModel("/model/model.json")]);
  return { ssd, model, info: model.getUserDefinedMetadata() as unknown as ModelInfo };
}

async function loadSsd(): Promise<Ssd> {
  const folder = "/detector/ssd_mobilenetv1_model";
  const [manifest, bytes] = await Promise.all([
    fetchWhole(`${folder}-weights_manifest.json`).then((response) => response.json()),
    fetchWhole(`${folder}.bin`).then((response) => response.arrayBuffer()),
  ]);
  const weights = tf.io.decodeWeights(bytes, manifest[0].weights);
  try {
    return buildSsd(tf, weights);
  } finally {
    tf.dispose(weights);
  }
}

async function fetchWhole(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} could not be loaded: ${response.status}`);
  return response;
}

/**
 * Finds the faces of a photo and classifies each.
 *
 * @param options As those of `detectMasks`.
 * @returns the faces, those first that the detector is surest of
 */
export async function findMasks(
  { ssd, model, info }: Networks,
  photo: Photo,
  { minScore, sizes }: { minScore: number; sizes: readonly number[] },
): Promise<MaskDetection[]> {
  const boxes: FaceBox[] = [];
  for (const size of sizes) {
    const pass = planPass(photo, size);
    const x = tf.tidy(() =>
      tf.pad(tf.tensor4d(resamplePhoto(photo, pass), [1, pass.height, pass.width, 3], "float32"), [
        [0, 0],
        [0, pass.inputHeight - pass.height],
        [0, pass.inputWidth - pass.width],
        [0, 0],
      ])
    );
    const heads = await runSsd(tf, ssd, x).finally(() => x.dispose());
    for (const box of decodeHeads(heads, minScore)) boxes.push(correctBox(box, pass));
  }
  const faces = mergeBoxes(boxes, photo);
  const predictions = await classifyFaces(model, info, photo, faces);
  return faces.map(({ score, ...box }, i) => ({ box, ...predictions[i]!, score }));
}

/** Classifies each box of a photo. */
async function classifyFaces(
  model: LayersModel,
  { size, classes, margin = FACE_MARGIN }: ModelInfo,
  photo: Photo,
  boxes: readonly FaceBox[],
): Promise<Prediction[]> {
  if (boxes.length === 0) return [];
  const length = size * size * 3;
  const pixels = new Float32Array(boxes.length * length);
  for (const [i, box] of boxes.entries()) {
    const face = resamplePhoto(photo, { width: size, height: size }, { box, margin });
    pixels.set(face, i * length);
  }
  const output = tf.tidy(() =>
    model.predictOnBatch(
      tf.div(tf.tensor4d(pixels, [boxes.length, size, size, 3]), 255),
    ) as tf.Tensor
  );
  const scores = await output.data<"float32">();
  output.dispose();
  return boxes.map((_, i) => toPrediction(scores, i, classes));
}

/** A sigmoid's one score a face, or a softmax's one for each class, to the likeliest class. */
function toPrediction(
  scores: Float32Array,
  face: number,
  classes: readonly ClassName[],
): Prediction {
  const probabilities = classes.length === 2
    ? [1 - scores[face]!, scores[face]!]
    : [...scores.subarray(face * classes.length, (face + 1) * classes.length)];
  const label = classes.length === 2
    ? Number(scores[face]! >= 0.5)
    : probabilities.indexOf(Math.max(...probabilities));
  return { label: classes[label]!, probability: probabilities[label]! };
}
