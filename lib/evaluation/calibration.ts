/** Measures and improves the calibration of probabilities: of predictions at 90%, nine in ten should be right. */
import type { layers, LayersModel } from "@tensorflow/tfjs-node";
import { tf } from "../engine/tensorflow.ts";
import { decideLabels, readProbabilities } from "./probabilities.ts";

/** Predictions of similar confidence. */
export interface ReliabilityBin {
  /** The number of predictions. */
  n: number;
  /** Their mean confidence: the probability of the predicted class, 0..1. */
  confidence: number;
  /** The share of right predictions, 0..1. */
  accuracy: number;
}

/** The difference between confidence and accuracy. */
export interface Calibration {
  /** Expected calibration error: the mean difference, weighted by `n`; 0..1. */
  error: number;
  /** From low to high confidence; bins without predictions are left out. */
  bins: ReliabilityBin[];
}

/**
 * Compares the confidence of predictions with their accuracy, in bins of equal width.
 *
 * Source: Guo et al., 2017, On Calibration of Modern Neural Networks, equation 5,
 * https://arxiv.org/abs/1706.04599
 *
 * @param labels `[n]` indices of the true classes.
 * @param probabilities `[n]` or `[n, classes]`, in 0..1, as in `evaluateScores`.
 * @param classes The number of classes.
 * @throws {RangeError} as `evaluateScores`, or if `bins` is not a positive integer
 * @example
 * ```ts
 * import { measureCalibration } from "./calibration.ts";
 *
 * console.log(measureCalibration([1, 1, 0], [0.9, 0.8, 0.3], 2).error);
 * ```
 */
export function measureCalibration(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  { bins = 15 }: {
    /** @default 15 */
    bins?: number;
  } = {},
): Calibration {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`bins must be a positive integer, got ${bins}`);
  }
  const probability = readProbabilities(labels, probabilities, classes);
  const predicted = decideLabels(probability, labels.length, classes);
  const all = Array.from({ length: bins }, () => ({ n: 0, confidence: 0, right: 0 }));
  predicted.forEach((label, row) => {
    const confidence = probability(row, label);
    const bin = all[Math.min(bins - 1, Math.floor(confidence * bins))]!;
    bin.n++;
    bin.confidence += confidence;
    bin.right += Number(label === labels[row]);
  });
  const filled = all.filter(({ n }) => n > 0).map(({ n, confidence, right }) => ({
    n,
    confidence: confidence / n,
    accuracy: right / n,
  }));
  const error = filled.reduce(
    (sum, bin) => sum + bin.n * Math.abs(bin.confidence - bin.accuracy),
    0,
  );
  return { error: error / labels.length, bins: filled };
}

/** The range of the search, and its steps: each reduces the range to 0.62. */
const TEMPERATURES = { least: 0.2, most: 5, steps: 60 };

/**
 * Finds the temperature that minimises the negative log likelihood of the true classes when the logits are
 * divided by it. Use predictions of photos that were not used for training. If all predictions are right, the
 * result is 1, as lower temperatures would always look better.
 *
 * Source: Guo et al., 2017, section 4.2, https://arxiv.org/abs/1706.04599. The single minimum is found by
 * golden-section search over the logarithm of the temperature.
 *
 * Parameters are those of {@linkcode measureCalibration}.
 *
 * @returns in 0.2..5: over 1 for overconfident predictions, under 1 for underconfident ones
 * @throws {RangeError} as `evaluateScores`
 * @example
 * ```ts
 * import { fitTemperature } from "./calibration.ts";
 *
 * console.log(fitTemperature([1, 1, 1, 0], [0.99, 0.99, 0.99, 0.99], 2) > 1); // true
 * ```
 */
export function fitTemperature(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  const probability = readProbabilities(labels, probabilities, classes);
  const predicted = decideLabels(probability, labels.length, classes);
  if (predicted.every((label, row) => label === labels[row])) return 1;
  const logits = Array.from(
    { length: labels.length },
    (_, row) =>
      Array.from(
        { length: classes },
        (_, label) => Math.log(Math.max(probability(row, label), 1e-12)),
      ),
  );
  const loss = (logTemperature: number) => {
    const temperature = Math.exp(logTemperature);
    return logits.reduce((sum, row, index) => {
      const scaled = row.map((logit) => logit / temperature);
      const most = Math.max(...scaled);
      const total = scaled.reduce((all, logit) => all + Math.exp(logit - most), 0);
      return sum + most + Math.log(total) - scaled[labels[index]!]!;
    }, 0);
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(TEMPERATURES.least), Math.log(TEMPERATURES.most)];
  for (let step = 0; step < TEMPERATURES.steps; step++) {
    const [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/**
 * Removes the effect of oversampling from a model's probabilities, in place: divides the odds of each class by
 * its number of repeats. Changes the bias of the last dense layer.
 *
 * Source: Saerens et al., 2002, Adjusting the Outputs of a Classifier to New a Priori Probabilities, Neural
 * Computation 14(1), equation 2.4.
 *
 * @param model Ends in a dense layer with a sigmoid or a softmax, like those of `buildCnn`.
 * @param times The number of repeats of each class in training, in the order of the classes.
 * @throws {TypeError} if the model does not end in such a layer
 * @throws {RangeError} if `times` is not one positive number per class
 * @example
 * ```ts
 * import { undoRepeats } from "./calibration.ts";
 * import { buildCnn } from "../model/cnn.ts";
 *
 * const model = buildCnn({ size: 32, classes: 3 });
 * undoRepeats(model, [1, 1, 3]);
 * model.dispose();
 * ```
 */
export function undoRepeats(model: LayersModel, times: readonly number[]): void {
  const last = findDecision(model);
  const units = model.outputs[0]!.shape.at(-1)!;
  const classes = units === 1 ? 2 : units;
  if (times.length !== classes || !times.every((it) => it > 0 && it < Infinity)) {
    throw new RangeError(`times must be ${classes} positive numbers, got ${times.join(", ")}`);
  }
  const logs = times.map(Math.log);
  const shift = units === 1 ? [logs[1]! - logs[0]!] : logs;
  tf.tidy(() => {
    const [filters, bias] = last.getWeights();
    last.setWeights([filters!, tf.sub(bias!, shift)]);
  });
}

/**
 * Divides the model's logits by a temperature, in place. Changes the weights of the last dense layer, so that
 * the saved model computes calibrated probabilities without further steps.
 *
 * @param model Ends in a dense layer with a sigmoid or a softmax, like those of `buildCnn`.
 * @throws {TypeError} if the model does not end in such a layer
 * @throws {RangeError} if `temperature` is not positive
 * @example
 * ```ts
 * import { applyTemperature } from "./calibration.ts";
 * import { buildCnn } from "../model/cnn.ts";
 *
 * const model = buildCnn({ size: 32 });
 * applyTemperature(model, 1.5);
 * model.dispose();
 * ```
 */
export function applyTemperature(model: LayersModel, temperature: number): void {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`temperature must be positive, got ${temperature}`);
  }
  const last = findDecision(model);
  tf.tidy(() => last.setWeights(last.getWeights().map((weight) => tf.div(weight, temperature))));
}

/** Finds the layer whose outputs are the probabilities. */
function findDecision(model: LayersModel): layers.Layer {
  const last = model.layers.at(-1)!;
  const activation = (last.getConfig() as { activation?: unknown }).activation;
  if (last.getClassName() !== "Dense" || !["sigmoid", "softmax"].includes(String(activation))) {
    throw new TypeError(
      `model must end in a dense layer with sigmoid or softmax, got ${last.getClassName()} with ${activation}`,
    );
  }
  return last;
}
