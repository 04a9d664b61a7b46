/** Each replaced kernel and gradient against tfjs-node's own, and against numeric differences. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import type {
  layers,
  LayersModel,
  Scalar,
  Tensor,
  Tensor4D,
  Variable,
} from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import type { CompiledModel, LossFunction } from "../../lib/engine/kernels/loss.ts";
import { createAdam, describeEngine, installKernels } from "../../lib/engine/kernels.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { assertFlatMemory } from "../fixtures/photos.ts";
import { relativeError, withStock } from "./stock.ts";

/** Value and gradients as plain numbers. */
interface Result {
  value: number[];
  gradients: number[][];
}

/** Weighs the outputs, so that no gradient is the same everywhere, and takes all gradients. */
function differentiate(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): Result {
  return tf.tidy(() => {
    let value: Tensor;
    const weigh = (...inputs: Tensor[]) => {
      value = tf.keep(f(...inputs));
      return tf.sum(tf.mul(value, tf.randomNormal(value.shape, 0, 1, "float32", 7)));
    };
    const gradients = tf.grads(weigh)(inputs).map((gradient) => [...gradient.dataSync()]);
    const result = { value: [...value!.dataSync()], gradients };
    value!.dispose();
    return result;
  });
}

function assertSameAsStock(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor[],
  tolerance: number,
) {
  const expected = withStock(() => differentiate(f, inputs));
  const actual = differentiate(f, inputs);
  assert(relativeError(actual.value, expected.value) <= tolerance, "the values differ");
  for (const [index, gradient] of expected.gradients.entries()) {
    const error = relativeError(actual.gradients[index]!, gradient);
    assert(error <= tolerance, `gradient ${index} differs by ${error}`);
  }
}

/** Central differences of the weighed sum, at some places of each input. */
function assertNumericGradients(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): void {
  const { gradients } = differentiate(f, inputs);
  const weigh = (inputs: Tensor[]) =>
    tf.tidy(() => {
      const value = f(...inputs);
      const weights = tf.randomNormal(value.shape, 0, 1, "float32", 7).dataSync();
      return [...value.dataSync()].reduce((sum, x, i) => sum + x * weights[i]!, 0);
    });
  const step = 1e-2;
  for (const [index, input] of inputs.entries()) {
    const values = input.dataSync();
    for (let place = 0; place < values.length; place += Math.ceil(values.length / 5)) {
      const moved = [step, -step].map((by) => {
        const changed = Float32Array.from(values);
        changed[place]! += by;
        return weigh(inputs.map((x, i) => i === index ? tf.tensor(changed, x.shape) : x));
      }) as [number, number];
      const expected = (moved[0] - moved[1]) / (2 * step);
      const actual = gradients[index]![place]!;
      assertLess(Math.abs(actual - expected), 2e-2 * (1 + Math.abs(expected)));
    }
  }
}

function random(shape: number[], seed: number): Tensor {
  return tf.randomNormal(shape, 0, 1, "float32", seed);
}

/** Runs with nothing left behind. */
function inTest(name: string, run: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    installKernels({ enabled: true });
    const before = tf.memory().numTensors;
    tf.engine().startScope();
    try {
      await run();
    } finally {
      tf.engine().endScope();
    }
    assertEquals(tf.memory().numTensors, before, "tensors were left behind");
  });
}

inTest("installKernels() has everything on, or says why not", () => {
  const report = installKernels();
  assertEquals(Object.keys(report), [
    "relu",
    "maxPool",
    "conv2d",
    "conv2dInOneOp",
    "dense",
    "depthwise",
    "batchNorm",
    "crossEntropy",
    "adam",
    "hugePages",
  ]);
  for (const state of Object.values(report)) assertMatch(state, /^(on|left out: \S.*)$/);
});

Deno.test("installKernels() puts tfjs-node's own back when disabled", () => {
  installKernels({ enabled: false });
  const stock = [tf.getKernel("MaxPool", "tensorflow"), tf.getGradient("Relu")] as const;
  const { call } = Object.getPrototypeOf(tf.layers.dense({ units: 1 }));
  installKernels({ enabled: true });
  installKernels({ enabled: true });
  const report = installKernels({ enabled: false });
  assertEquals(new Set(Object.values(report)), new Set(["off"]));
  assert(tf.getKernel("MaxPool", "tensorflow") === stock[0]);
  assert(tf.getGradient("Relu") === stock[1]);
  assert(Object.getPrototypeOf(tf.layers.dense({ units: 1 })).call === call);
  assertEquals(createAdam().getConfig(), tf.train.adam(1e-3, 0.9, 0.999, 1e-7).getConfig());
});

Deno.test("installKernels() leaves out what this libtensorflow lacks", () => {
  installKernels({ enabled: false });
  const stock = tf.getKernel("MaxPool", "tensorflow");
  const backend = tf.backend() as unknown as Record<string, (op: string) => unknown>;
  const run = backend.executeMultipleOutputs!;
  backend.executeMultipleOutputs = function (op, ...rest) {
    if (op.startsWith("_Mkl")) throw new Error(`Invalid TF_Status: 3\nMessage: no op ${op}\n!`);
    return run.call(this, op, ...rest);
  };
  try {
    const report = installKernels({ enabled: true });
    assertEquals(report.maxPool, "left out: no op _MklNativeMaxPool");
    assertEquals(report.relu, "on");
    assert(tf.getKernel("MaxPool", "tensorflow") === stock);
    tf.tidy(() => tf.maxPool(random([1, 2, 2, 1], 1) as Tensor4D, 2, 2, "valid"));
  } finally {
    delete backend.executeMultipleOutputs;
    installKernels({ enabled: false });
  }
});

Deno.test("describeEngine() names the versions, and what is in use", () => {
  installKernels({ enabled: true });
  assertMatch(
    describeEngine(),
    /^TensorFlow \d+\.\d+\.\d+ under tfjs-node [\d.]+, with native relu, /,
  );
  installKernels({ enabled: false });
  assertMatch(describeEngine(), /^TensorFlow \S+ under tfjs-node \S+, with its own kernels$/);
  installKernels({ enabled: true });
});

Deno.test("installKernels() heeds FACE_MASK_STOCK_KERNELS", () => {
  Deno.env.set("FACE_MASK_STOCK_KERNELS", "1");
  try {
    assertEquals(installKernels().relu, "off");
  } finally {
    Deno.env.delete("FACE_MASK_STOCK_KERNELS");
    installKernels();
  }
});

inTest("relu() has the stock gradient, also at 0 and for integers", () => {
  assertSameAsStock((x) => tf.relu(x!), [random([3, 5, 7], 1)], 0);
  assertSameAsStock((x) => tf.relu(x!), [tf.tensor1d([-1, -0, 0, 2])], 0);
  assertEquals([...tf.relu(tf.tensor1d([-3, 4], "int32")).dataSync()], [0, 4]);
});

for (
  const [name, shape, size, strides, pad] of [
    ["halves", [2, 8, 8, 3], 2, 2, "valid"],
    ["odd sides", [1, 7, 9, 5], 2, 2, "valid"],
    ["odd sides, same", [1, 7, 9, 5], 2, 2, "same"],
    ["overlapping windows", [3, 9, 8, 2], 3, 2, "same"],
    ["overlapping windows, valid", [2, 9, 9, 4], 3, 1, "valid"],
    ["oblong", [2, 8, 12, 16], [2, 3], [1, 3], "valid"],
  ] as const
) {
  inTest(`maxPool() has the stock values and gradient: ${name}`, () => {
    const pool = (x: Tensor) =>
      tf.maxPool(x as Tensor4D, size as [number, number], strides as [number, number], pad);
    assertSameAsStock(pool, [random([...shape], 1)], 1e-6);
    // Behind a ReLU the gradient takes the short way: the windows that are all 0 tie.
    assertSameAsStock((x) => pool(tf.relu(x)), [random([...shape], 2)], 1e-6);
    assertNumericGradients(pool, [tf.mul(random([...shape], 3), 10)]);
  });
}

inTest("maxPool() takes integers and refuses padding by number, as the stock one does", () => {
  const x = tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1], "int32");
  assertEquals([...tf.maxPool(x, 2, 2, "valid").dataSync()], [4]);
  const pool = () => tf.maxPool(random([1, 4, 4, 1], 1) as Tensor4D, 2, 2, 1, "floor");
  const message = (run: () => unknown) => {
    try {
      return run();
    } catch (error) {
      return (error as Error).message;
    }
  };
  assertEquals(message(pool), withStock(() => message(pool)));
});

for (const activation of ["relu", "linear", "sigmoid"] as const) {
  for (
    const [inputShape, kernelSize, strides, padding, dilationRate, filters] of [
      [[9, 9, 3], 3, 1, "valid", 1, 4],
      [[8, 10, 1], 3, 2, "same", 1, 2],
      [[7, 7, 5], [1, 3], 1, "same", 1, 16],
      [[12, 6, 2], 5, [2, 1], "valid", 1, 3],
    ] as const
  ) {
    inTest(
      `conv2d layer has the stock values and gradients: ${activation} ${padding} ${inputShape}`,
      () => {
        const layer = tf.layers.conv2d({
          filters,
          kernelSize: kernelSize as [number, number],
          strides: strides as [number, number],
          padding,
          dilationRate,
          activation,
          inputShape: [...inputShape],
        });
        compareLayer(layer, [2, ...inputShape], 1e-5);
      },
    );
  }
  inTest(`dense layer has the stock values and gradients: ${activation}`, () => {
    const layer = tf.layers.dense({ units: 5, activation, inputShape: [7] });
    compareLayer(layer, [4, 7], 1e-5);
  });
}

function compareLayer(
  layer: layers.Layer,
  shape: number[],
  tolerance: number,
) {
  layer.apply(random(shape, 1));
  const weights = layer.getWeights();
  const apply = (x: Tensor, ...values: Tensor[]) => {
    // The layer reads its variables; the gradients are taken to what they hold.
    const names = ["kernel", "bias"] as const;
    const fields = layer as unknown as Record<string, { read(): Tensor }>;
    const saved = names.map((name) => fields[name]!);
    names.forEach((name, i) => fields[name] = { ...saved[i], read: () => values[i]! });
    try {
      return layer.call(x, {}) as Tensor;
    } finally {
      names.forEach((name, i) => fields[name] = saved[i]!);
    }
  };
  const inputs = [random(shape, 1), ...weights.map((w, i) => random(w.shape, 10 + i))];
  assertSameAsStock(apply as never, inputs, tolerance);
  assertNumericGradients(apply as never, [
    inputs[0]!.mul(0.1),
    inputs[1]!.mul(0.1),
    tf.onesLike(inputs[2]!).mul(2), // away from the ReLU's kink
  ]);
  layer.dispose();
}

inTest("batchNormalization layer has the stock values, gradients and moving averages", () => {
  for (
    const [shape, options] of [
      [[4, 5, 6, 3], {}],
      [[2, 1, 3, 8], { axis: 3, epsilon: 0.1, momentum: 0.5 }],
      [[6, 5], {}], // the stock way
    ] as const
  ) {
    const run = () => {
      const layer = tf.layers.batchNormalization(options);
      layer.apply(random([...shape], 1));
      const weights = layer.getWeights();
      weights.forEach((weight, i) =>
        (weight as Variable).assign(random(weight.shape, i + 1).abs())
      );
      const call = (x: Tensor) => layer.call(x, { training: true }) as Tensor;
      const { value, gradients } = differentiate(call, [random([...shape], 1)]);
      const loss = () => tf.sum(tf.square(call(random([...shape], 2)))) as Scalar;
      const { grads } = tf.variableGrads(loss);
      const rest = [...Object.values(grads), ...layer.getWeights()].map((x) => [...x.dataSync()]);
      layer.dispose();
      return [value, ...gradients, ...rest];
    };
    const expected = withStock(run), actual = run();
    for (const [i, values] of expected.entries()) {
      assertLess(relativeError(actual[i]!, values), 1e-4, `${shape}: ${i}`);
    }
  }
});

/** The loss and the accuracy that a compiled model with so many outputs uses. */
function compileLoss(loss: string, units: number): [loss: LossFunction, accuracy: LossFunction] {
  const layer = tf.layers.activation({ activation: "linear", inputShape: [units] });
  const model = tf.sequential({ layers: [layer] });
  const optimizer = tf.train.sgd(1);
  model.compile({ optimizer, loss, metrics: ["accuracy"] });
  optimizer.dispose();
  const { lossFunctions, metricsTensors } = (model as unknown as { model: CompiledModel }).model;
  return [lossFunctions[0]!, metricsTensors[0]![0]];
}

for (
  const [loss, labels, predictions] of [
    ["binaryCrossentropy", [[1], [0], [1], [0]], [[0.2], [0.3], [0.5], [0.999]]],
    ["binaryCrossentropy", [[1], [0], [1], [0]], [[1], [0], [0], [1]]], // clipped
    ["binaryCrossentropy", [[1, 0, 1], [0, 0.25, 1]], [[0.7, 0.6, 0.1], [0.2, 0.3, 0.8]]],
    ["categoricalCrossentropy", [[1, 0, 0], [0, 0, 1]], [[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]]],
    ["categoricalCrossentropy", [[1, 0], [0, 1]], [[2, 3], [0.1, 0.1]]], // not shares yet
    ["categoricalCrossentropy", [[1, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 1, 0]]], // clipped
    ["categoricalCrossentropy", [[1], [0]], [[0.7], [0.9]]], // one output
  ] as const
) {
  inTest(`${loss} has the stock values, gradients and accuracy: ${predictions}`, () => {
    const y = tf.tensor2d(labels as unknown as number[][]);
    const p = tf.tensor2d(predictions as unknown as number[][]);
    const units = p.shape[1];
    const expected = withStock(() => {
      const [stock, accuracy] = compileLoss(loss, units);
      return [differentiate((p) => stock(y, p!), [p]), [...accuracy(y, p).dataSync()]] as const;
    });
    const [ours, accuracy] = compileLoss(loss, units);
    const actual = differentiate((p) => ours(y, p!), [p]);
    assertLess(relativeError(actual.value, expected[0].value), 1e-5);
    assertLess(relativeError(actual.gradients[0]!, expected[0].gradients[0]!), 1e-5);
    assertLess(relativeError([...accuracy(y, p).dataSync()], expected[1]), 1e-6);
  });
}

inTest("binaryCrossentropy takes sequences the stock way, and keeps NaN", () => {
  const [loss] = compileLoss("binaryCrossentropy", 1);
  const [y, p] = [tf.ones([2, 3, 1]), tf.fill([2, 3, 1], 0.5)];
  assertEquals(loss(y, p).shape, [2, 3]);
  assertEquals([...loss(tf.ones([1, 1]), tf.fill([1, 1], NaN)).dataSync()], [NaN]);
});

inTest("kernels give the stock gradients where a convolution feeds two branches", () => {
  const model = branchedModel();
  const x = random([2, 12, 12, 3], 1), y = tf.ones([2, 1]);
  const step = () => gradientsOf(model, x, y);
  const expected = withStock(step), actual = step();
  for (const [name, values] of Object.entries(expected)) {
    assertLess(relativeError(actual[name]!, values), 1e-4, name);
  }
  model.dispose();
});

/** Both branches end in pooling; one convolution's output is pooled, added to and read as it is. */
function branchedModel(): LayersModel {
  const { input, conv2d, maxPooling2d, add, reLU, globalAveragePooling2d, dense } = tf.layers;
  const conv = (activation: "relu" | "linear") =>
    conv2d({
      filters: 4,
      kernelSize: 3,
      padding: "same",
      activation,
      kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
    });
  const image = input({ shape: [12, 12, 3] });
  const shared = conv("relu").apply(image);
  const pooled = maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }).apply(shared);
  const other = conv2d({ filters: 4, kernelSize: 1, strides: 2 }).apply(shared);
  const sum = reLU().apply(add().apply([pooled, other] as never));
  const twice = maxPooling2d({ poolSize: 2 }).apply(conv("linear").apply(sum));
  const output = dense({ units: 1, activation: "sigmoid" })
    .apply(globalAveragePooling2d({}).apply(reLU().apply(twice)));
  return tf.model({ inputs: image, outputs: output as never });
}

function gradientsOf(model: LayersModel, x: Tensor, y: Tensor): Record<string, Float32Array> {
  return tf.tidy(() => {
    const loss = () =>
      tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as Tensor).asScalar();
    const { grads } = tf.variableGrads(loss);
    return Object.fromEntries(
      Object.entries(grads).map(([name, gradient]) => [name, gradient.dataSync() as Float32Array]),
    );
  });
}

Deno.test("kernels give the stock weights after 20 steps of the walkthrough's CNN", async () => {
  for (const classes of [2, 3]) {
    installKernels({ enabled: false });
    const expected = await trainSteps(classes, 20);
    installKernels({ enabled: true });
    const actual = await trainSteps(classes, 20);
    for (const [index, weights] of expected.entries()) {
      assertLess(
        relativeError(actual[index]!, weights),
        1e-4,
        `weight ${index}, ${classes} classes`,
      );
    }
  }
});

async function trainSteps(classes: number, steps: number): Promise<Float32Array[]> {
  // Twenty steps of Adam can make much of little: where stock's own weights move by more than 1e-4 when
  // the input moves by 1e-7, as with a dropout of 0.3 here, they tell nothing about the kernels.
  const model = buildCnn({ size: 32, classes, seed: 5, dropout: 0.5 });
  const loss = classes === 2 ? "binaryCrossentropy" : "categoricalCrossentropy";
  model.compile({ optimizer: createAdam(), loss, metrics: ["accuracy"] });
  const x = tf.randomUniform([16, 32, 32, 3], 0, 1, "float32", 1);
  const labels = tf.tensor1d(Array.from({ length: 16 }, (_, i) => i % classes), "int32");
  const y = classes === 2
    ? labels.reshape([16, 1]).toFloat()
    : tf.oneHot(labels, classes).toFloat();
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
  const weights = model.getWeights().map((weight) => weight.dataSync() as Float32Array);
  model.optimizer.dispose();
  model.dispose();
  tf.dispose([x, labels, y]);
  return weights;
}

Deno.test("kernels leak neither tensors nor native memory in 500 steps", async () => {
  installKernels({ enabled: true });
  const model = buildCnn({ size: 32 });
  const optimizer = createAdam();
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const x = tf.randomUniform([4, 32, 32, 3]), y = tf.ones([4, 1]);
  const train = async (steps: number) => {
    for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
    (model.predict(x) as Tensor).dispose();
  };
  await train(150);
  const tensors = tf.memory().numTensors;
  // A leak of the smallest activation, 4 x 6 x 6 x 64 floats, would be 18 MB.
  await assertFlatMemory(10, () => train(500));
  assertEquals(tf.memory().numTensors, tensors);
  optimizer.dispose();
  model.dispose();
  tf.dispose([x, y]);
});
