/** Trains the networks of the cross-set comparison. */
import type { LayersModel, Tensor2D } from "@tensorflow/tfjs-node";
import { tf } from "../lib/engine/tensorflow.ts";
import { chunk, scaleImages } from "../lib/model/batches.ts";
import {
  buildTransferModel,
  CLASSES,
  type ImageSet,
  installKernels,
  type OnProgress,
  repeatRare,
  toLabels,
  trainModel,
  undoRepeats,
} from "../lib/mod.ts";
import { type Recipe, type RecipeName, RECIPES } from "../lib/training/recipes.ts";

/** The parts of one set, as indices. */
export interface Parts {
  train: readonly number[];
  validation: readonly number[];
}

export interface TrainingOptions {
  name: string;
  epochs?: number;
  seed: number;
  onProgress?: OnProgress;
}

/** Chooses the task: three classes only if training and validation part have the third class. */
function chooseClasses({ samples }: ImageSet, { train, validation }: Parts) {
  const has = (part: readonly number[]) =>
    part.some((index) => samples[index]!.className === "mask_weared_incorrect");
  return CLASSES[has(train) && has(validation) ? "three-class" : "binary"];
}

/** Trains one of the project's recipes, as `deno task train` does. */
export async function trainRecipe(
  images: ImageSet,
  parts: Parts,
  { name, epochs, seed, onProgress }: TrainingOptions,
): Promise<LayersModel> {
  const classes = chooseClasses(images, parts);
  const { build, training, repeatsRare }: Recipe = RECIPES[name as RecipeName];
  const model = await build({ size: images.size, classes: classes.length, seed });
  const repeated = classes.length > 2 && repeatsRare ? repeatRare(images, parts.train) : undefined;
  await trainModel(model, images, {
    ...training,
    ...(epochs && { epochs }),
    classes,
    train: repeated?.indices ?? parts.train,
    validation: parts.validation,
    seed,
    onBatch: ({ epoch, epochs, batch, batches }) =>
      onProgress?.({ stage: `Epoch ${epoch} of ${epochs}`, done: batch, total: batches }),
  });
  if (repeated) undoRepeats(model, classes.map((name) => repeated.times.get(name) ?? 1));
  return model;
}

/** Settings of the regression on frozen features. */
const FIT = { steps: 300, rate: 0.02, decay: 0.003 } as const;

/**
 * Trains a dense layer on the features of a frozen MobileNet, as many public notebooks do. Their MobileNet was
 * trained on ImageNet; this one was trained on faces.
 */
export async function trainFrozen(
  images: ImageSet,
  parts: Parts,
  { seed, onProgress }: TrainingOptions,
): Promise<LayersModel> {
  installKernels();
  const classes = chooseClasses(images, parts);
  const model = await buildTransferModel({ size: images.size, classes: classes.length, seed });
  const backbone = tf.model({ inputs: model.inputs, outputs: model.layers.at(-3)!.output });
  const rows: Tensor2D[] = [];
  for (const part of chunk([...parts.train], 64)) {
    rows.push(tf.tidy(() => backbone.predictOnBatch(scaleImages(images, part)) as Tensor2D));
    const [done, total] = [64 * rows.length, parts.train.length];
    onProgress?.({ stage: "Computing features", done: Math.min(done, total), total });
    await new Promise((resume) => setTimeout(resume));
  }
  tf.tidy(() => fitHead(model, tf.concat(rows), toLabels(images, parts.train, classes)));
  tf.dispose(rows);
  return model;
}

/** Fits the last layer by a regression on standardised features, then includes the scaling in its weights. */
function fitHead(model: LayersModel, features: Tensor2D, labels: readonly number[]): void {
  const { mean, variance } = tf.moments(features, 0);
  const deviation = tf.sqrt(tf.add(variance, 1e-6));
  const x = tf.div(tf.sub(features, mean), deviation) as Tensor2D;
  const units = model.outputs[0]!.shape.at(-1)!;
  const indices = tf.tensor1d([...labels], "int32");
  const y = units === 1 ? tf.reshape(indices, [-1, 1]) : tf.oneHot(indices, units);
  const filters = tf.variable(tf.zeros([features.shape[1], units])) as ReturnType<
    typeof tf.variable
  >;
  const bias = tf.variable(tf.zeros([units]));
  const optimizer = tf.train.adam(FIT.rate);
  const loss = () => {
    const logits = tf.add(tf.matMul(x, filters as Tensor2D), bias);
    const error = units === 1
      ? tf.losses.sigmoidCrossEntropy(y, logits)
      : tf.losses.softmaxCrossEntropy(y, logits);
    return tf.add(error, tf.mul(tf.sum(tf.square(filters)), FIT.decay)).asScalar();
  };
  for (let step = 0; step < FIT.steps; step++) {
    optimizer.minimize(loss, false, [filters, bias])?.dispose();
  }
  const plain = tf.div(filters, tf.reshape(deviation, [-1, 1]));
  const offset = tf.sub(bias, tf.squeeze(tf.matMul(tf.reshape(mean, [1, -1]), plain), [0]));
  model.layers.at(-1)!.setWeights([plain, offset]);
  tf.dispose([filters, bias]);
  optimizer.dispose();
}
