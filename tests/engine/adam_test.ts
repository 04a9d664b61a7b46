/** The native Adam against tfjs's own, and as a part of a checkpoint. */
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import type { Optimizer, Tensor, Variable } from "@tensorflow/tfjs-node";
import { NativeAdam } from "../../lib/engine/kernels/adam.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { assertFlatMemory } from "../fixtures/photos.ts";

const SHAPES = [[3, 3, 2, 4], [4], [], [70, 30]];

function makeVariables(seed: number): Variable[] {
  return SHAPES.map((shape, i) => {
    const value = tf.randomNormal(shape, 0, 1, "float32", seed + i);
    const variable = tf.variable(value);
    value.dispose();
    return variable;
  });
}

/** One step with gradients that follow from the step's number; some are tiny, some 0. */
function step(optimizer: Optimizer, variables: Variable[], number: number): void {
  tf.tidy(() => {
    optimizer.applyGradients(variables.map((variable, i) => ({
      name: variable.name,
      tensor: tf.mul(
        tf.randomNormal(variable.shape, 0, 1, "float32", 100 * number + i),
        number % 3 === 0 ? 0 : 10 ** (i - 3),
      ),
    })));
  });
}

function read(tensors: Tensor[]): number[][] {
  return tensors.map((tensor) => [...tensor.dataSync()]);
}

Deno.test("NativeAdam takes the steps of tfjs's own", () => {
  for (const options of [{}, { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }]) {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
    const stock = tf.train.adam(learningRate, beta1, beta2, epsilon);
    const native = new NativeAdam(options);
    const [expected, actual] = [makeVariables(1), makeVariables(1)];
    for (let number = 0; number < 50; number++) {
      step(stock, expected, number);
      step(native, actual, number);
    }
    for (const [i, values] of read(expected).entries()) {
      for (const [j, value] of read(actual)[i]!.entries()) {
        assertLess(Math.abs(value - values[j]!), 2e-6 * (1 + Math.abs(values[j]!)));
      }
    }
    stock.dispose();
    native.dispose();
    tf.dispose([expected, actual]);
  }
});

Deno.test("NativeAdam follows a weight that is set from outside, and a new learning rate", () => {
  const [stock, native] = [tf.train.adam(0.1), new NativeAdam({ learningRate: 0.1 })];
  const [expected, actual] = [makeVariables(1), makeVariables(1)];
  for (const [optimizer, variables] of [[stock, expected], [native, actual]] as const) {
    step(optimizer, variables, 1);
    tf.tidy(() => variables[0]!.assign(tf.ones(SHAPES[0]!)));
    Object.assign(optimizer, { learningRate: 0.01 });
    step(optimizer, variables, 2);
  }
  for (const [i, value] of read(expected)[0]!.entries()) {
    assertLess(Math.abs(read(actual)[0]![i]! - value), 1e-6);
  }
  stock.dispose();
  native.dispose();
  tf.dispose([expected, actual]);
});

Deno.test("NativeAdam leaves copies of a weight unchanged", () => {
  const native = new NativeAdam({ learningRate: 0.1 });
  const variables = makeVariables(1);
  step(native, variables, 1);
  const copies = variables.flatMap((variable) => [variable.clone(), variable.reshape([-1])]);
  const before = read(copies);
  step(native, variables, 2);
  assertEquals(read(copies), before);
  assert(read(variables)[0]![0] !== before[0]![0], "the weight has not moved");
  native.dispose();
  tf.dispose([copies, variables]);
});

Deno.test("NativeAdam goes on from a saved state as if it had not stopped", async () => {
  const [first, variables] = [new NativeAdam(), makeVariables(1)];
  for (let number = 0; number < 7; number++) step(first, variables, number);
  const state = await first.getWeights();
  assertEquals(state.map(({ name }) => name), [
    "iter",
    ...variables.map(({ name }) => `${name}/m`),
    ...variables.map(({ name }) => `${name}/v`),
  ]);
  assertEquals(state[0]!.tensor.dataSync()[0], 7);

  const saved = state.map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
  const copies = variables.map((variable) => tf.variable(variable));
  for (let number = 7; number < 12; number++) step(first, variables, number);
  const second = new NativeAdam();
  await second.setWeights(saved);
  for (let number = 7; number < 12; number++) step(second, copies, number);
  assertEquals(read(copies), read(variables));
  await assertRejects(() => second.setWeights(saved.slice(1)), RangeError, "got 8 tensors");
  first.dispose();
  second.dispose();
  tf.dispose([variables, copies, saved.map(({ tensor }) => tensor)]);
});

Deno.test("NativeAdam has the state of tfjs's own", async () => {
  const [stock, native] = [tf.train.adam(), new NativeAdam()];
  const [expected, actual] = [makeVariables(1), makeVariables(1)];
  step(stock, expected, 1);
  step(native, actual, 1);
  const states = [await stock.getWeights(), await native.getWeights()] as const;
  assertEquals(states[1].map(({ tensor }) => tensor.shape), states[0].map((s) => s.tensor.shape));
  for (const [i, { tensor }] of states[0].entries()) {
    const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(tensor, states[1][i]!.tensor))));
    assertLess(difference.dataSync()[0]!, 1e-6);
    difference.dispose();
  }
  states[0][0]!.tensor.dispose(); // tfjs leaves the step count to the caller
  stock.dispose();
  native.dispose();
  tf.dispose([expected, actual]);
});

Deno.test("NativeAdam leaves no tensors and no native memory behind", async () => {
  const run = async () => {
    const native = new NativeAdam();
    const variable = tf.tidy(() => tf.variable(tf.zeros([512, 1024])));
    const gradient = tf.ones(variable.shape);
    for (let i = 0; i < 3; i++) native.applyGradients({ [variable.name]: gradient });
    await native.getWeights();
    native.applyGradients({ [variable.name]: gradient });
    await native.getWeights();
    native.dispose();
    native.dispose();
    tf.dispose([variable, gradient]);
  };
  for (let i = 0; i < 100; i++) await run();
  const { numTensors, numBytes } = tf.memory();
  // One leaked 2 MB tensor a run would be 200 MB; the collector of JavaScript's arrays moves it by some.
  await assertFlatMemory(60, async () => {
    for (let i = 0; i < 100; i++) await run();
  });
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(tf.memory().numBytes, numBytes);
});

Deno.test("NativeAdam refuses constants outside their range", () => {
  for (
    const [options, message] of [
      [{ learningRate: 0 }, "learningRate must be a positive number, got 0"],
      [{ learningRate: NaN }, "learningRate must be a positive number, got NaN"],
      [{ epsilon: -1 }, "epsilon must be a positive number, got -1"],
      [{ beta1: 1 }, "beta1 must be in [0, 1), got 1"],
      [{ beta2: -0.1 }, "beta2 must be in [0, 1), got -0.1"],
    ] as const
  ) assertThrows(() => new NativeAdam(options), RangeError, message);
});
