/** Classifies any number of files in order: photos are read ahead while others are classified. */
import { pMapIterable } from "npm:p-map@7.1.1";
import { Budget } from "../concurrency.ts";
import { type DetectOptions, type Detector, loadDetector } from "../detection/detector.ts";
import { detectMasks, type MaskDetection } from "./detect_masks.ts";
import { decodeImage, decodePhoto } from "../images/decode_image.ts";
import { countPixels, readPhoto } from "../images/decode.ts";
import { MAX_PIXELS } from "../images/file_format.ts";
import type { ListedFile } from "./list_files.ts";
import { classifyImages } from "../model/predict_images.ts";
import { markPrediction, OutputError, type Prediction } from "../model/predictions.ts";
import type { Classifier } from "../model/saved_model.ts";

/** The result of one file. */
export type FileResult =
  | { file: string } & Prediction
  | { file: string; faces: MaskDetection[] }
  | { file: string; error: string };

/** Photos per batch. */
const BATCH = 32;
/** Whole photos, of at most 200 MB each, that are decoded ahead: finding faces takes longer than decoding. */
const WHOLE_AHEAD = 2;

type Files = Iterable<ListedFile> | AsyncIterable<ListedFile>;

/**
 * Classifies crops: photos that one face fills. Memory does not grow with their number: photos that are decoded
 * at the same time have at most 67 million pixels in total.
 *
 * @returns one result per file, in order; an unusable file yields an error and does not stop the others
 * @example
 * ```ts
 * import { buildCnn } from "../model/cnn.ts";
 * import { classifyCrops } from "./predict_files.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * const files = [{ file: "no/such.jpg" }];
 * for await (const result of classifyCrops({ model: buildCnn(), info }, files)) console.log(result);
 * ```
 */
export async function* classifyCrops(
  classifier: Classifier,
  files: Files,
): AsyncGenerator<FileResult> {
  const { size } = classifier.info;
  const decoding = new Budget(MAX_PIXELS);
  const readFace = async (file: string) => {
    const bytes = await readPhoto(file);
    return await decoding.run(await countPixels(bytes), () => decodeImage(bytes, { size }));
  };
  const read = pMapIterable(files, readWith(readFace), { concurrency: 2 * BATCH });
  for await (const batch of inBatches(read, BATCH)) {
    const results = await classifyBatch(classifier, batch.filter((it) => "value" in it));
    for (const it of batch) yield "value" in it ? results.shift()! : it;
  }
}

/** Classifies photos as one batch or, if the model's output is not finite, one by one to isolate the cause. */
async function classifyBatch(
  classifier: Classifier,
  photos: { file: string; value: Uint8Array }[],
): Promise<FileResult[]> {
  const { size } = classifier.info;
  const pixels = new Uint8Array(photos.length * size * size * 3);
  photos.forEach(({ value }, i) => pixels.set(value, i * value.length));
  try {
    const predictions = await classifyImages(classifier, { size, pixels });
    return photos.map(({ file }, i) => ({ file, ...predictions[i]! }));
  } catch (error) {
    if (photos.length === 1) return [toFailure(photos[0]!.file, error)];
    const each = [];
    for (const photo of photos) each.push(...await classifyBatch(classifier, [photo]));
    return each;
  }
}

/** Converts an {@linkcode OutputError} to the file's error; throws any other. */
function toFailure(file: string, error: unknown): { file: string; error: string } {
  if (error instanceof OutputError) return { file, error: error.message };
  throw error;
}

/**
 * Finds the faces of photos and classifies each. Memory does not grow with the number of photos.
 *
 * @returns one result per file, in order; an unusable file yields an error and does not stop the others
 * @throws {RangeError} if an option is out of range
 * @example
 * ```ts
 * import { loadDetector } from "../detection/detector.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { detectFiles } from "./predict_files.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const detector = await loadDetector();
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * const files = [{ file: "no/such.jpg" }];
 * for await (const result of detectFiles(detector, { model: buildCnn(), info }, files)) {
 *   console.log(result);
 * }
 * ```
 */
export async function* detectFiles(
  detector: Detector,
  classifier: Classifier,
  files: Files,
  options: DetectOptions = {},
): AsyncGenerator<Exclude<FileResult, Prediction>> {
  for await (const it of pMapIterable(files, readWith(decodePhoto), { concurrency: WHOLE_AHEAD })) {
    yield "value" in it
      ? await detectMasks(detector, classifier, it.value, options).then(
        (faces) => ({ file: it.file, faces }),
        (error) => toFailure(it.file, error),
      )
      : it;
  }
}

/**
 * Finds the faces of one photo and classifies each. It loads a detector at each call: for many photos, use
 * {@linkcode detectFiles}.
 *
 * @returns the faces, the most confident detection first; empty if no face is found
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is not a readable photo
 * @throws {RangeError} if an option is out of range
 * @example
 * ```ts
 * import { buildCnn } from "../model/cnn.ts";
 * import { classifyFile } from "./predict_files.ts";
 * import { PREPROCESSING } from "../model/saved_model.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const info = { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "" };
 * await classifyFile({ model: buildCnn(), info }, "no/such.jpg").catch(console.log);
 * ```
 */
export async function classifyFile(
  classifier: Classifier,
  file: string,
  options: DetectOptions = {},
): Promise<MaskDetection[]> {
  const detector = await loadDetector();
  try {
    return await detectMasks(detector, classifier, file, options);
  } finally {
    detector.dispose();
  }
}

/**
 * Marks predictions of low probability as unsure.
 *
 * @param least The probability, in 0..1, below which a prediction is unsure.
 * @throws {RangeError} if `least` is out of range
 * @example
 * ```ts
 * import { markUnsure } from "./predict_files.ts";
 *
 * const result = { file: "a.jpg", label: "with_mask", probability: 0.6 } as const;
 * console.log(markUnsure(result, 0.9)); // unsure: true
 * ```
 */
export function markUnsure(result: FileResult, least: number): FileResult {
  if (!(least >= 0 && least <= 1)) throw new RangeError(`least must be in 0..1, got ${least}`);
  if ("faces" in result) {
    return { ...result, faces: result.faces.map((face) => markPrediction(face, least)) };
  }
  return "label" in result ? markPrediction(result, least) : result;
}

/** Wraps `read`, so that an error becomes a result. */
function readWith<T>(read: (file: string) => Promise<T>) {
  return async ({ file, reason }: ListedFile): Promise<
    { file: string; value: T } | { file: string; error: string }
  > => {
    if (reason !== undefined) return { file, error: reason };
    try {
      return { file, value: await read(file) };
    } catch (error) {
      return { file, error: (error as Error).message };
    }
  };
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
