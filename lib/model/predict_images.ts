/** A model, and photos, to probabilities. */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { chunk, scaleImages } from "./batches.ts";
import { countPhotos, type PixelSet } from "../photo.ts";
import { tf } from "../engine/tensorflow.ts";
import { readImage } from "../images/decode_image.ts";
import { installKernels } from "../engine/kernels.ts";
import { checkScores, type Prediction, toPredictions } from "./predictions.ts";
import type { Classifier } from "./saved_model.ts";
import { type Box, CLASSES, FACE_MARGIN, type OnProgress } from "../types.ts";

/**
 * Runs the model on the photos at `indices`, a batch at a time.
 *
 * @param model Takes `[n, size, size, 3]` float32 RGB in 0..1; is left as it is.
 * @returns Probabilities in 0..1, row after row: `[n]` of class 1 from a sigmoid, `[n, classes]` from a softmax
 * @throws {RangeError} if an index is not one of the set's, or `batchSize` is no positive integer
 * @throws {OutputError} if the model gives something other than finite numbers
 */
export async function predictImages(
  model: LayersModel,
  images: PixelSet,
  indices: readonly number[] = [...Array(countPhotos(images)).keys()],
  { batchSize = 64, onProgress }: {
    /** @default 64 */
    batchSize?: number;
    onProgress?: OnProgress;
  } = {},
): Promise<Float32Array> {
  installKernels();
  const rows: Float32Array[] = [];
  let done = 0;
  for (const part of chunk(indices, batchSize)) {
    const output = tf.tidy(() => model.predictOnBatch(scaleImages(images, part)) as Tensor);
    rows.push(await output.data<"float32">());
    output.dispose();
    done += part.length;
    onProgress?.({ stage: "Classifying photos", done, total: indices.length });
  }
  const all = new Float32Array(rows.reduce((total, row) => total + row.length, 0));
  let end = 0;
  for (const row of rows) {
    all.set(row, end);
    end += row.length;
  }
  checkScores(all);
  return all;
}

/**
 * What a model of three classes says where only two are asked for: the probability of `with_mask` if the
 * mask, where there is one, is not worn incorrectly.
 *
 * @param scores `[n, 3]` as `predictImages` gives them for `CLASSES["three-class"]`
 * @returns `[n]` probabilities of `with_mask` against `without_mask`, in 0..1; 0.5 where both are 0
 * @throws {RangeError} if the scores are not three a photo
 * @example
 * ```ts
 * import { narrowToBinary } from "./predict_images.ts";
 *
 * console.log(narrowToBinary(Float32Array.of(0.1, 0.3, 0.6))); // 0.75
 * ```
 */
export function narrowToBinary(scores: Float32Array): Float32Array {
  if (scores.length % 3 !== 0) {
    throw new RangeError(
      `narrowToBinary() needs three scores a photo, got ${scores.length} in all`,
    );
  }
  const [bare, masked] = CLASSES.binary.map((name) => CLASSES["three-class"].indexOf(name));
  return Float32Array.from({ length: scores.length / 3 }, (_, row) => {
    const [without, with_] = [scores[3 * row + bare!]!, scores[3 * row + masked!]!];
    return without + with_ > 0 ? with_ / (without + with_) : 0.5;
  });
}

/**
 * Classifies photos that are in memory.
 *
 * @param images Of the classifier's size.
 * @returns one prediction per photo, in order
 */
export async function classifyImages(
  { model, info: { classes } }: Classifier,
  images: PixelSet,
): Promise<Prediction[]> {
  return toPredictions(await predictImages(model, images), classes);
}

/**
 * Classifies a crop, or one face of a photo, as {@linkcode classifyImages} does. It does not look for faces:
 * of a photo with several, or with none, the answer means nothing.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is no readable photo
 * @throws {RangeError} if the box lies outside the photo
 */
export async function classifyCrop(
  classifier: Classifier,
  file: string,
  { box }: {
    /** The face, in pixels of the upright photo. @default the whole photo, which is a crop then */
    box?: Box;
  } = {},
): Promise<Prediction> {
  const { size, margin = FACE_MARGIN } = classifier.info;
  const pixels = await readImage(file, { size, box, margin });
  const [prediction] = await classifyImages(classifier, { size, pixels });
  return prediction!;
}
