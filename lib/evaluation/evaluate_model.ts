/** Evaluates a model on labelled photos. */
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
  /** If a model of three classes is evaluated on two: the photos that it assigns to the third. */
  otherAnswers?: { className: ClassName; count: number };
  /** Limits of the result: see {@linkcode warnAboutPart}. */
  warnings: string[];
}

/** Options of {@linkcode evaluateModel}. */
export interface EvaluateOptions {
  /** The name of the part, for warnings. @default "the set" */
  part?: string;
  /** One group number per image of the set, as {@linkcode splitPhotos} returns them. @default none */
  groups?: readonly number[];
  onProgress?: OnProgress;
}

/** The result of {@linkcode evaluateModel}. */
export interface ModelResult {
  evaluation: ModelEvaluation;
  calibration: Calibration;
  /** `[n]` indices of the true classes. */
  labels: number[];
  /** Probabilities in 0..1: `[n]` of the second class for two classes, `[n, classes]` for more. */
  scores: Float32Array;
}

/**
 * Evaluates a model on the photos at `indices`. A model of three classes can be evaluated on two:
 * {@linkcode narrowToBinary} converts its probabilities, and its predictions of the third class are counted.
 *
 * @param model Takes `[n, size, size, 3]` float32 RGB in 0..1; left unchanged.
 * @param classes The model's classes, or two of its three.
 * @throws {RangeError} if `indices` is empty, an index is outside the set, a sample's class is not one of
 * `classes`, or the model has other classes
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
