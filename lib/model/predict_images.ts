/** Predicts the classes of photos with a model. */
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
 * Predicts the probabilities of the photos at `indices`, batch by batch.
 *
 * @param model Takes `[n, size, size, 3]` float32 RGB in 0..1; left unchanged.
 * @param indices Indices in the set. @default all photos
 * @returns probabilities in 0..1, row by row: `[n]` of class 1 from a sigmoid, `[n, classes]` from a softmax
 * @throws {RangeError} if an index is outside the set, or `batchSize` is not a positive integer
 * @throws {OutputError} if the model's output is not finite
 * @example
 * ```ts
 * import { predictImages } from "./predict_images.ts";
 * import { buildCnn } from "./cnn.ts";
 *
 * const model = buildCnn({ size: 32 });
 * const images = { size: 32, pixels: new Uint8Array(2 * 32 * 32 * 3) };
 * console.log(await predictImages(model, images)); // two probabilities
 * model.dispose();
 * ```
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
 * Converts the probabilities of three classes to those of two: of `with_mask`, given that no mask is worn
 * incorrectly.
 *
 * @param scores `[n, 3]`, as `predictImages` returns them for `CLASSES["three-class"]`
 * @returns `[n]` probabilities of `with_mask` against `without_mask`, in 0..1; 0.5 if both are 0
 * @throws {RangeError} if `scores` are not three per photo
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
      `scores must be three per photo, got ${scores.length} in total`,
    );
  }
  const [bare, masked] = CLASSES.binary.map((name) => CLASSES["three-class"].indexOf(name));
  return Float32Array.from({ length: scores.length / 3 }, (_, row) => {
    const [without, with_] = [scores[3 * row + bare!]!, scores[3 * row + masked!]!];
    return without + with_ > 0 ? with_ / (without + with_) : 0.5;
  });
}

/**
 * Classifies photos in memory.
 *
 * @param images Photos of the classifier's size.
 * @returns one prediction per photo, in order
 */
export async function classifyImages(
  { model, info: { classes } }: Classifier,
  images: PixelSet,
): Promise<Prediction[]> {
  return toPredictions(await predictImages(model, images), classes);
}

/**
 * Classifies a photo that one face fills, or one face of a photo. It does not search for faces: the result is
 * meaningless for a photo with several faces, or none.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is not a readable photo
 * @throws {RangeError} if the box lies outside the photo
 * @example
 * ```ts
 * import { buildCnn } from "./cnn.ts";
 * import { classifyCrop } from "./predict_images.ts";
 * import { PREPROCESSING } from "./saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * await classifyCrop({ model: buildCnn(), info }, "no/such.jpg").catch(console.log);
 * ```
 */
export async function classifyCrop(
  classifier: Classifier,
  file: string,
  { box }: {
    /** The face, in pixels of the upright photo. @default the whole photo */
    box?: Box;
  } = {},
): Promise<Prediction> {
  const { size, margin = FACE_MARGIN } = classifier.info;
  const pixels = await readImage(file, { size, box, margin });
  const [prediction] = await classifyImages(classifier, { size, pixels });
  return prediction!;
}
