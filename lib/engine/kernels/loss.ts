/**
 * Computes the cross-entropies and the accuracy of tf.layers in JavaScript. For the few numbers of a batch,
 * tfjs runs about fifty native ops, each with a fixed cost.
 */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";

export type LossFunction = (labels: Tensor, predictions: Tensor) => Tensor;
export type Compile = (
  this: CompiledModel,
  ...args: Parameters<LayersModel["compile"]>
) => void;

/** The fields of a tf.layers model that are read and changed here. */
export interface CompiledModel {
  loss: unknown;
  lossFunctions: LossFunction[];
  /** Without the loss. */
  metricsTensors: [LossFunction, number][];
  /** With the loss, first. */
  metricsNames: string[];
}

/** Loss, gradient and accuracy of one photo. */
interface RowMath {
  loss(labels: Row, predictions: Row): number;
  /** Gradient of the loss per prediction, rounded like the ops of tfjs: otherwise Adam's steps diverge. */
  gradient(labels: Row, predictions: Row): number[];
  accuracy(labels: Row, predictions: Row): number;
}
type Row = readonly number[];

/** The limits by which tf.layers keeps logarithms finite, rounded to floats. */
const [SMALLEST, LARGEST] = [Math.fround(1e-7), Math.fround(1 - 1e-7)];
const f = Math.fround;
const clip = (p: number) => Math.min(Math.max(p, SMALLEST), LARGEST);
const isInside = (p: number) => p >= SMALLEST && p <= LARGEST;
const sum = (values: Row) => values.reduce((total, value) => total + value, 0);
const indexOfMax = (values: Row) => values.indexOf(Math.max(...values));

const binary: RowMath = {
  loss: (labels, predictions) =>
    sum(predictions.map((p, i) => {
      const q = clip(p);
      return -labels[i]! * Math.log(q) - (1 - labels[i]!) * Math.log(1 - q);
    })) / labels.length,
  gradient: (labels, predictions) =>
    predictions.map((p, i) => {
      if (!isInside(p)) return p - p; // 0, or NaN of NaN
      const rest = f(1 - p);
      const odds = f(p / rest);
      const logit = f(Math.log(odds));
      const small = f(Math.exp(-Math.abs(logit)));
      const share = f(small * f(1 / f(1 + small)));
      const toLogit = logit > 0 ? f(f(-labels[i]! - share) + 1) : f(share - labels[i]!);
      const toOdds = f(f(toLogit / labels.length) / odds);
      return f(f(toOdds / rest) + f(f(toOdds * p) / f(rest * rest)));
    }),
  accuracy: (labels, predictions) =>
    sum(predictions.map((p, i) => Number(labels[i] === Number(p > 0.5)))) / labels.length,
};

const categorical: RowMath = {
  loss: (labels, predictions) => {
    const total = sum(predictions);
    return -sum(predictions.map((p, i) => labels[i]! * Math.log(clip(p / total))));
  },
  gradient: (labels, predictions) => {
    const total = f(sum(predictions));
    const toShares = predictions.map((p, i) => {
      const share = f(p / total);
      return isInside(share) ? f(-labels[i]! / share) : share - share; // 0, or NaN of NaN
    });
    const toTotal = f(sum(predictions.map((p, i) => f(p * toShares[i]!))) / f(total * total));
    return toShares.map((gradient) => f(f(gradient / total) - toTotal));
  },
  accuracy: (labels, predictions) =>
    labels.length === 1
      ? binary.accuracy(labels, predictions) // as in tf.layers for a single output
      : Number(indexOfMax(labels) === indexOfMax(predictions)),
};

const ROW_MATH: Partial<Record<string, RowMath>> = {
  binaryCrossentropy: binary,
  categoricalCrossentropy: categorical,
};

/** Makes a `compile` that uses these functions for models with one of the two losses, given by name. */
export function makeCompile(stock: Compile): Compile {
  return function (args) {
    stock.call(this, args);
    const math = typeof this.loss === "string" ? ROW_MATH[this.loss] : undefined;
    if (!math || this.lossFunctions.length !== 1) return;
    this.lossFunctions = [makeLoss(math, this.lossFunctions[0]!)];
    this.metricsTensors = this.metricsTensors.map(([metric, output], i) => {
      const isAccuracy = this.metricsNames[i + 1] === "acc";
      return [isAccuracy ? makeAccuracy(math, metric) : metric, output];
    });
  };
}

/** Makes a loss of one float32 per row, `[n]`; inputs other than `[n, classes]` use the stock loss. */
function makeLoss({ loss, gradient }: RowMath, stock: LossFunction): LossFunction {
  return (labels, predictions) => {
    if (!isTable(labels, predictions)) return stock(labels, predictions);
    const rows = readRows(labels, predictions);
    const losses = tf.customGrad((x) => ({
      value: tf.tensor1d(rows.map(([y, p]) => loss(y, p))),
      gradFunc: (dy: Tensor) => {
        const scales = dy.dataSync();
        const values = rows.flatMap(([y, p], row) => gradient(y, p).map((g) => g * scales[row]!));
        return tf.tensor(values, (x as Tensor).shape);
      },
    }));
    return losses(predictions);
  };
}

function makeAccuracy({ accuracy }: RowMath, stock: LossFunction): LossFunction {
  return (labels, predictions) =>
    isTable(labels, predictions)
      ? tf.tensor1d(readRows(labels, predictions).map(([y, p]) => accuracy(y, p)))
      : stock(labels, predictions);
}

function isTable(labels: Tensor, predictions: Tensor): boolean {
  return predictions.dtype === "float32" && predictions.rank === 2 &&
    tf.util.arraysEqual(labels.shape, predictions.shape);
}

function readRows(labels: Tensor, predictions: Tensor): [labels: Row, predictions: Row][] {
  const [rows, columns] = predictions.shape as [number, number];
  const [y, p] = [labels.dataSync(), predictions.dataSync()];
  return Array.from({ length: rows }, (_, row) => {
    const part = [row * columns, (row + 1) * columns] as const;
    return [Array.from(y.slice(...part)), Array.from(p.slice(...part))];
  });
}
