import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Tensor } from "@tensorflow/tfjs-node";
import { buildCnn } from "../../lib/model/cnn.ts";
import { predictImages } from "../../lib/model/predict_images.ts";
import { trainModel } from "../../lib/training/train_model.ts";
import type { TrainOptions, TrainStatus } from "../../lib/training/train_options.ts";
import type { Classifier } from "../../lib/model/saved_model.ts";
import { CLASSES, type ClassName } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet } from "../fixtures/photos.ts";

const images = makeImageSet(48, 24);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const parts = {
  classes: CLASSES.binary,
  train: range(0, 32),
  validation: range(32, 48),
  batchSize: 8,
};

/** Trains a fresh model and gives the result and what it says of the validation part. */
async function trainOnce(options: Partial<TrainOptions> = {}) {
  const model = buildCnn({ size: 24, seed: 3, classes: options.classes?.length });
  try {
    const result = await trainModel(model, images, { ...parts, epochs: 2, seed: 3, ...options });
    return { ...result, scores: await predictImages(model, images, parts.validation) };
  } finally {
    model.dispose();
  }
}

Deno.test("trainModel() learns, and repeats its history for a seed", async () => {
  await assertNoLeak(async () => {
    const { history: { loss, valAccuracy } } = await trainOnce({ epochs: 12, augment: false });
    assert(loss.at(-1)! < loss[0]! / 2, `loss ${loss}`);
    assert(valAccuracy.at(-1)! > 0.9, `validation accuracy ${valAccuracy}`);
    assertEquals(await trainOnce(), await trainOnce());
    assertNotEquals(await trainOnce(), await trainOnce({ augment: false }));
  });
});

Deno.test("trainModel() puts back the weights of the best epoch", async () => {
  // A learning rate so high that later epochs are worse.
  const { history, bestEpoch, scores } = await trainOnce({
    epochs: 6,
    learningRate: 0.01,
    patience: 6,
  });
  assertEquals(history.valLoss[bestEpoch - 1], Math.min(...history.valLoss));
  const labels = parts.validation.map((index) => index % 2);
  const loss = labels.reduce(
    (sum, label, i) => sum - Math.log(label ? scores[i]! : 1 - scores[i]!),
    0,
  );
  assert(Math.abs(loss / labels.length - history.valLoss[bestEpoch - 1]!) < 1e-4);
});

Deno.test("trainModel() stops early when the validation loss no longer falls", async () => {
  const noise = { ...images, pixels: images.pixels.slice().fill(128) };
  const model = buildCnn({ size: 24, seed: 3 });
  const { history, bestEpoch } = await trainModel(model, noise, {
    ...parts,
    epochs: 40,
    patience: 2,
    learningRate: 0.003,
  });
  assertEquals(history.loss.length, bestEpoch + 2);
  model.dispose();
});

Deno.test("trainModel() does not stop early when the last weights are kept", async () => {
  const noise = { ...images, pixels: images.pixels.slice().fill(128) };
  const model = buildCnn({ size: 24, seed: 3 });
  const train = range(0, 8);
  const { history } = await trainModel(model, noise, { ...parts, train, keep: "last", epochs: 14 });
  assertEquals(history.loss.length, 14);
  assert(history.valLoss.indexOf(Math.min(...history.valLoss)) < 5, `${history.valLoss}`);
  model.dispose();
});

Deno.test("trainModel() reports every batch and epoch", async () => {
  const seen: TrainStatus[] = [];
  const ended: number[] = [];
  await trainOnce({
    onBatch: (status) => void seen.push(status),
    onEpoch: ({ history }) => void ended.push(history.loss.length),
  });
  assertEquals(
    seen.map(({ epoch, batch }) => [epoch, batch]),
    [1, 2].flatMap((e) => range(1, 5).map((b) => [e, b])),
  );
  assertEquals(ended, [1, 2]);
  assert(seen.every(({ loss, batches, epochs }) => loss > 0 && batches === 4 && epochs === 2));
});

Deno.test("trainModel() ends when it is told to, and leaks nothing", async () => {
  await assertNoLeak(async () => {
    const control = new AbortController();
    await assertRejects(
      () =>
        trainOnce({
          signal: control.signal,
          onBatch: ({ batch }) => {
            if (batch === 2) control.abort(new Error("enough"));
          },
        }),
      Error,
      "enough",
    );
  });
});

Deno.test("trainModel() refuses what it cannot train on", async () => {
  const cases: [Partial<TrainOptions>, string][] = [
    [{ train: [] }, "train must be at least one index"],
    [{ validation: [] }, "validation must be at least one index"],
    [{ epochs: 0 }, "epochs"],
    [{ learningRate: -1 }, "learningRate"],
    [{ batchSize: 0 }, "batchSize"],
  ];
  await assertNoLeak(async () => {
    for (const [options, message] of cases) {
      await assertRejects(() => trainOnce(options), RangeError, message);
    }
  });
});

Deno.test("trainModel() trains three classes with a softmax", async () => {
  await assertNoLeak(async () => {
    const three = makeImageSet(24, 24);
    three.samples.forEach((sample, i) => sample.className = CLASSES["three-class"][i % 3]!);
    const model = buildCnn({ size: 24, classes: 3 });
    const { history } = await trainModel(model, three, {
      classes: CLASSES["three-class"],
      train: range(0, 18),
      validation: range(18, 24),
      epochs: 1,
    });
    assert(history.valLoss[0]! > 0 && history.valAccuracy[0]! <= 1);
    model.dispose();
  });
});

/** A model that has learned the photos' labels, or the opposite. */
async function makeTeacher(classes: readonly ClassName[], { wrong = false } = {}) {
  const model = buildCnn({ size: 24, seed: 5, classes: classes.length });
  const samples = images.samples.map(({ className, ...rest }) => ({
    ...rest,
    className: wrong ? CLASSES.binary.find((name) => name !== className)! : className,
  }));
  await trainModel(model, { ...images, samples }, {
    ...parts,
    classes,
    epochs: 12,
    seed: 5,
    augment: false,
  });
  return { model, info: { classes, size: 24, preprocessing: "", trainedOn: "" } };
}

Deno.test("trainModel() learns the teacher's predictions, not the labels", async () => {
  await assertNoLeak(async () => {
    const [two, three] = [CLASSES.binary, CLASSES["three-class"]];
    for (const [known, classes] of [[two, two], [three, two], [three, three]] as const) {
      const teacher = await makeTeacher(known, { wrong: true });
      const options = { teacher, classes, epochs: 30, keep: "last", augment: false } as const;
      const { history } = await trainOnce(options);
      assert(history.accuracy.at(-1)! > 0.9, `${known} to ${classes}, alike: ${history.accuracy}`);
      assert(history.valAccuracy.at(-1)! < 0.1, `validation accuracy ${history.valAccuracy}`);
      assertEquals((await trainOnce(options)).history, history);
      teacher.model.dispose();
    }
  });
});

Deno.test("trainModel() shows the teacher the photos as they are changed", async () => {
  const row = (values: Iterable<number>) => Array.from(values, (v) => v.toFixed(3)).join();
  const whole = await makeTeacher(CLASSES.binary);
  const length = 24 * 24 * 3;
  const photos = new Set(
    parts.train.map((i) =>
      row(images.pixels.slice(i * length, (i + 1) * length).values().map((level) => level / 255))
    ),
  );
  const none = { rotation: 0, zoom: 0, shift: 0, colour: 0, blur: 0, jpeg: 0, cutOut: 0 };
  for (const mirror of [0, 1]) {
    let seen = 0, unchanged = 0;
    const teacher: Classifier = {
      ...whole,
      model: new Proxy(whole.model, {
        get: (model, name) =>
          name !== "predictOnBatch" ? Reflect.get(model, name) : (x: Tensor) => {
            const values = x.dataSync();
            for (let i = 0; i < x.shape[0]!; i++) {
              seen++;
              unchanged += Number(photos.has(row(values.slice(i * length, (i + 1) * length))));
            }
            return model.predictOnBatch(x);
          },
      }),
    };
    await trainOnce({ teacher, epochs: 1, augment: { ...none, mirror } });
    assertEquals([seen, unchanged], [32, mirror ? 0 : 32]);
  }
  whole.model.dispose();
});

Deno.test("trainModel() refuses a teacher of other classes or photo sizes", async () => {
  const teacher = await makeTeacher(CLASSES.binary);
  const info = { ...teacher.info, size: 32 };
  await assertRejects(
    () => trainOnce({ teacher: { ...teacher, info } }),
    RangeError,
    "teacher must take photos of 24 pixels, got 32",
  );
  await assertRejects(
    () => trainOnce({ teacher, classes: CLASSES["three-class"] }),
    RangeError,
    "teacher must have the classes without_mask, with_mask, mask_weared_incorrect, got without_mask,",
  );
  teacher.model.dispose();
});

Deno.test("trainModel() cuts the epoch short when it is to stop, and keeps the best weights", async () => {
  await assertNoLeak(async () => {
    for (const keep of ["best", "last"] as const) {
      const stopping = new AbortController();
      const { history, bestEpoch, scores } = await trainOnce({
        epochs: 50,
        keep,
        learningRate: 0.01,
        stop: stopping.signal,
        onBatch: ({ epoch, batch }) => {
          if (epoch === 4 && batch === 2) stopping.abort();
        },
      });
      assertEquals(history.valLoss.length, 4);
      assertEquals(history.valLoss[bestEpoch - 1], Math.min(...history.valLoss));
      const right = parts.validation.filter((index, i) => Number(scores[i]! >= 0.5) === index % 2);
      assertEquals(right.length / parts.validation.length, history.valAccuracy[bestEpoch - 1]);
    }
  });
});

Deno.test("trainModel() stops between two epochs too, and after one batch at the earliest", async () => {
  const stopping = new AbortController();
  const onEpoch = ({ epoch }: TrainStatus) => epoch === 2 && stopping.abort();
  const { history } = await trainOnce({
    epochs: 50,
    stop: stopping.signal,
    onEpoch: (it) => void onEpoch(it),
  });
  assertEquals(history.loss.length, 2);
  const batches: number[] = [];
  const onBatch = ({ batch }: TrainStatus) => void batches.push(batch);
  const early = await trainOnce({ stop: AbortSignal.abort(), onBatch });
  assertEquals([early.history.loss.length, batches], [1, [1]]);
});
