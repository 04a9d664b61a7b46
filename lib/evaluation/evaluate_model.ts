/** A model, on labelled photos: how good it is. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { type Calibration, measureCalibration } from "./calibration.ts";
import { evaluateScores, type Evaluation } from "./metrics.ts";
import { warnAboutPart } from "./part_warnings.ts";
import { toLabels } from "../model/batches.ts";
import { narrowToBinary, predictImages } from "../model/predict_images.ts";
import { CLASSES, type ClassName, type ImageSet, type OnProgress } from "../types.ts";

/** The evaluation of a model; plain data, ready for `JSON.stringify`. */
export interface ModelEvaluation extends Evaluation {
  /** Expected calibration error, 0..1: see {@linkcode measureCalibration}. */
  calibrationError: number;
  /** Of a model of three classes that is judged on two: the photos that it puts into the third. */
  otherAnswers?: { className: ClassName; count: number };
  /** What limits the result: see {@linkcode warnAboutPart}. */
  warnings: string[];
}

/** Options of {@linkcode evaluateModel}. */
export interface EvaluateOptions {
  /** What is evaluated, in words. @default "the set" */
  part?: string;
  /** A scene's number per image of the set, as {@linkcode splitPhotos} gives them. @default none known */
  groups?: readonly number[];
  onProgress?: OnProgress;
}

/** What {@linkcode evaluateModel} measured, and what it was measured from. */
export interface ModelResult {
  evaluation: ModelEvaluation;
  calibration: Calibration;
  /** `[n]` indices in the classes. */
  labels: number[];
  /** Probabilities in 0..1, row after row: `[n]` of the second of two classes, `[n, classes]` of more. */
  scores: Float32Array;
}

/**
 * Evaluates a model on the photos at `indices`. A model of three classes can be judged on two: its
 * probabilities are narrowed by {@linkcode narrowToBinary}, and its answers of the third class are counted.
 *
 * @param model Takes `[n, size, size, 3]` float32 RGB in 0..1; is left as it is.
 * @param classes Those that are judged: the model's, or two of its three.
 * @throws {RangeError} if there is no index, an index is not one of the set's, a sample's class is not
 * one of `classes`, or the model has other classes
 * @example
 * ```ts
 * import { evaluateModel } from "./evaluate_model.ts";
 * import { buildCnn } from "../model/cnn.ts";
 * import { CLASSES } from "../types.ts";
 *
 * const model = buildCnn({ size: 32 });
 * const samples = CLASSES.binary.map((className) => ({ file: "1.jpg", className }));
 * const images = { size: 32, pixels: new Uint8Array(2 * 32 * 32 * 3), samples, unreadable: [] };
 * const { evaluation } = await evaluateModel(model, images, [0, 1], CLASSES.binary);
 * console.log(evaluation.accuracy); // 0.5: both photos are black
 * model.dispose();
 * ```
 */
export async function evaluateModel(
  model: LayersModel,
  images: ImageSet,
  indices: readonly number[],
  classes: readonly ClassName[],
  { part = "the set", groups, onProgress }: EvaluateOptions = {},
): Promise<ModelResult> {
  const labels = toLabels(images, indices, classes);
  const raw = await predictImages(model, images, indices, { onProgress });
  const samples = indices.map((index) => images.samples[index]!);
  const isNarrowed = classes.length === 2 && raw.length === 3 * labels.length;
  const scores = isNarrowed ? narrowToBinary(raw) : raw;
  const evaluation = evaluateScores(labels, scores, classes);
  const calibration = measureCalibration(labels, scores, classes.length);
  const otherAnswers = isNarrowed ? countOther(raw, classes) : undefined;
  return {
    evaluation: {
      ...evaluation,
      calibrationError: calibration.error,
      ...(otherAnswers && { otherAnswers }),
      warnings: warnAboutPart(part, samples, classes, groups && indices.map((i) => groups[i]!)),
    },
    calibration,
    labels,
    scores,
  };
}

/** @param scores `[n, 3]` */
function countOther(scores: Float32Array, classes: readonly ClassName[]) {
  const other = CLASSES["three-class"].findIndex((name) => !classes.includes(name));
  let count = 0;
  for (let row = 0; row < scores.length; row += 3) {
    const ofRow = scores.subarray(row, row + 3);
    if (ofRow.indexOf(Math.max(...ofRow)) === other) count++;
  }
  return { className: CLASSES["three-class"][other]!, count };
}
