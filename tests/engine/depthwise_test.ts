/** The depthwise convolution kernel against tfjs-node's own, and against numeric differences. */
import { assert, assertEquals, assertLess } from "@std/assert";
import type { layers, Tensor, Variable } from "@tensorflow/tfjs-node";
import { tf } from "../../lib/engine/tensorflow.ts";
import { createAdam, installKernels } from "../../lib/engine/kernels.ts";
import { seededRandom } from "../../lib/random.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { relativeError, withStock } from "./stock.ts";

type LayerConfig = Parameters<typeof tf.layers.depthwiseConv2d>[0];

const KERNEL = "DepthwiseConv2DWithBias";

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

/** A layer whose weights, bias included, follow from the seed. */
function makeLayer(shape: readonly number[], config: LayerConfig, seed = 1): layers.Layer {
  const layer = tf.layers.depthwiseConv2d(config);
  layer.build([...shape]);
  tf.tidy(() =>
    layer.setWeights(layer.getWeights().map((weight, i) => normal(weight.shape, seed + i)))
  );
  return layer;
}

/** The output, weighed so that no gradient is the same everywhere, and the gradients of its sum. */
function differentiate(layer: layers.Layer, x: Tensor): Record<string, Float32Array> {
  return tf.tidy(() => {
    const values: Record<string, Float32Array> = {};
    const input = tf.variable(x);
    const weights = layer.getWeights() as Variable[];
    const { grads } = tf.variableGrads(() => {
      const y = layer.call(input, {}) as Tensor;
      values.output = y.dataSync<"float32">();
      return tf.sum(tf.mul(y, normal(y.shape, 7))).asScalar();
    }, [input, ...weights]);
    values.x = grads[input.name]!.dataSync<"float32">();
    for (const [i, { name }] of weights.entries()) {
      values[`weight ${i}`] = grads[name]!.dataSync<"float32">();
    }
    input.dispose();
    return values;
  });
}

function assertSameAsStock(layer: layers.Layer, x: Tensor): void {
  const expected = withStock(() => differentiate(layer, x));
  const actual = differentiate(layer, x);
  assertEquals(Object.keys(actual), Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    assertLess(relativeError(actual[name]!, values), 1e-5, name);
  }
}

/** The kernels that a call of the layer runs. */
async function listKernels(layer: layers.Layer, x: Tensor): Promise<string[]> {
  const { kernelNames } = await tf.profile(() => tf.tidy(() => void layer.call(x, {})));
  return kernelNames;
}

Deno.test("depthwiseConv2d layer has the stock values and gradients over random shapes", () => {
  installKernels({ enabled: true });
  const random = seededRandom(1);
  const between = (low: number, high: number) => low + Math.floor((high - low + 1) * random());
  for (let round = 0; round < 60; round++) {
    const kernelSize = [between(1, 5), between(1, 5)] as [number, number];
    const shape = [between(1, 4), between(5, 14), between(5, 14), between(1, 20)];
    const config = {
      kernelSize,
      strides: between(1, 2),
      padding: (["same", "valid"] as const)[between(0, 1)],
      activation: (["relu", "relu6", "linear", "sigmoid", undefined] as const)[between(0, 4)],
      depthMultiplier: random() < 0.3 ? 2 : 1,
    };
    const layer = makeLayer(shape, config, round), x = normal(shape, 100 + round);
    try {
      assertSameAsStock(layer, x);
    } catch (cause) {
      throw new Error(`${shape}: ${JSON.stringify(config)}`, { cause });
    } finally {
      tf.dispose([...layer.getWeights(), x]);
    }
  }
});

Deno.test("depthwiseConv2d layer has the gradients of numeric differences", () => {
  installKernels({ enabled: true });
  for (const activation of ["linear", "relu"] as const) {
    for (const [strides, padding] of [[1, "same"], [2, "same"], [2, "valid"]] as const) {
      tf.tidy(() => {
        const shape = [1, 6, 7, 2];
        const layer = makeLayer(shape, { kernelSize: 3, strides, padding, activation });
        const x = normal(shape, 5).mul(0.1);
        // Small weights and a bias of 2 and more: away from the ReLU's kink, but for one channel.
        layer.setWeights([
          layer.getWeights()[0]!.mul(0.1),
          tf.tensor1d(activation === "relu" ? [2, -2] : [2, 3]),
        ]);
        const gradients = differentiate(layer, x);
        const inputs = [x, ...layer.getWeights().map((weight) => weight.clone())];
        const sum = (inputs: Tensor[]) => {
          layer.setWeights(inputs.slice(1));
          const y = layer.call(inputs[0]!, {}) as Tensor;
          const weights = normal(y.shape, 7).dataSync();
          return y.dataSync<"float32">().reduce((sum, value, i) => sum + value * weights[i]!, 0);
        };
        for (const [index, name] of ["x", "weight 0", "weight 1"].entries()) {
          const values = inputs[index]!.dataSync();
          for (let place = 0; place < values.length; place += Math.ceil(values.length / 7)) {
            const [more, less] = [0.01, -0.01].map((step) => {
              const moved = values.slice();
              moved[place]! += step;
              return sum(inputs.with(index, tf.tensor(moved, inputs[index]!.shape)));
            }) as [number, number];
            const difference = gradients[name]![place]! - (more - less) / 0.02;
            assertLess(Math.abs(difference), 2e-3, `${name}, place ${place}`);
          }
        }
        tf.dispose(layer.getWeights());
      });
    }
  }
});

Deno.test("depthwiseConv2d layer runs as one op, or the stock way where it must", async () => {
  const { depthwise } = installKernels({ enabled: true });
  assertEquals(depthwise, "on");
  const shape = [1, 6, 6, 2];
  for (
    const [config, expected] of [
      [{ kernelSize: 3 }, [KERNEL]],
      [{ kernelSize: 3, activation: "relu" }, [KERNEL]],
      [{ kernelSize: 3, activation: "sigmoid" }, [KERNEL, "Sigmoid"]],
      [{ kernelSize: 3, useBias: false }, undefined],
      [{ kernelSize: 3, strides: [1, 2] }, undefined],
      [{ kernelSize: 3, dataFormat: "channelsFirst" }, undefined],
    ] as [LayerConfig, string[] | undefined][]
  ) {
    const layer = makeLayer(shape, config), x = normal(shape, 1);
    const kernels = await listKernels(layer, x);
    if (expected) assertEquals(kernels, expected);
    else assert(!kernels.includes(KERNEL), kernels.join());
    tf.dispose([...layer.getWeights(), x]);
  }
});

/** Weights after so many steps on the same batch: depthwise and pointwise layers in turn. */
async function train(steps: number): Promise<Float32Array[]> {
  const { depthwiseConv2d, conv2d, globalAveragePooling2d, dense } = tf.layers;
  const initializer = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      conv2d({
        filters: 8,
        kernelSize: 3,
        strides: 2,
        activation: "relu",
        inputShape: [24, 24, 3],
        kernelInitializer: initializer(1),
      }),
      ...[1, 2].flatMap((strides) => [
        depthwiseConv2d({
          kernelSize: 3,
          strides,
          padding: "same",
          activation: "relu",
          depthwiseInitializer: initializer(2),
        }),
        conv2d({
          filters: 16,
          kernelSize: 1,
          activation: "relu",
          kernelInitializer: initializer(3),
        }),
      ]),
      globalAveragePooling2d({}),
      dense({ units: 1, activation: "sigmoid", kernelInitializer: initializer(4) }),
    ],
  });
  const optimizer = createAdam();
  model.compile({ optimizer, loss: "binaryCrossentropy" });
  const x = tf.randomUniform([8, 24, 24, 3], 0, 1, "float32", 1);
  const y = tf.tensor2d([0, 1, 0, 1, 0, 1, 0, 1], [8, 1]);
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
  const weights = model.getWeights().map((weight) => weight.dataSync<"float32">());
  optimizer.dispose();
  model.dispose();
  tf.dispose([x, y]);
  return weights;
}

Deno.test("depthwise kernels give the stock weights after 20 steps, and leave no tensor", async () => {
  await assertNoLeak(async () => {
    installKernels({ enabled: false });
    const [start, expected] = [await train(0), await train(20)];
    installKernels({ enabled: true });
    const actual = await train(20);
    for (const [i, weights] of expected.entries()) {
      assertLess(relativeError(actual[i]!, weights), 1e-4, `weight ${i}`);
      assert(relativeError(start[i]!, weights) > 1e-3, `weight ${i} did not train`);
    }
  });
});
