import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Tensor } from "@tensorflow/tfjs-node";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../../lib/training/checkpoint.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { seededRandom } from "../../lib/random.ts";
import { trainModel } from "../../lib/training/train_model.ts";
import type { TrainOptions } from "../../lib/training/train_options.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet, withFolder } from "../fixtures/photos.ts";

const example: Checkpoint = {
  settings: { seed: 42, classes: ["a", "b"] },
  progress: {
    epoch: 2,
    batch: 3,
    seen: 24,
    lossSum: 0.1 + 0.2,
    accuracySum: 20,
    history: { loss: [1 / 3], accuracy: [0.5], valLoss: [0.25], valAccuracy: [1] },
    bestEpoch: 1,
    dropoutSteps: [7, 7],
  },
  tensors: {
    "model/kernel": {
      dtype: "float32",
      shape: [1, 3],
      values: new Float32Array([0.1, -0, Infinity]),
    },
    "optimizer/iter": { dtype: "int32", shape: [], values: new Int32Array([-7]) },
    "model/none": { dtype: "float32", shape: [0, 2], values: new Float32Array() },
  },
};

Deno.test("saveCheckpoint() and loadCheckpoint() keep every bit, and replace an older checkpoint", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "new/cnn.checkpoint");
    await saveCheckpoint(file, { ...example, tensors: {} });
    await saveCheckpoint(file, example);
    assertEquals(await loadCheckpoint(file), example);
    assertEquals((await Array.fromAsync(Deno.readDir(join(folder, "new")))).length, 1);
  });
});

Deno.test("saveCheckpoint() writes what Python's safetensors reads", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "cnn.checkpoint");
    await saveCheckpoint(file, example);
    const bytes = await Deno.readFile(file);
    // As the format's page has it: a length, JSON, and tensors that fill the rest without a gap.
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const { __metadata__: metadata, ...entries } = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, headerEnd)),
    );
    assert(Object.values(metadata).every((value) => typeof value === "string"));
    assertEquals(entries["model/kernel"], { dtype: "F32", shape: [1, 3], data_offsets: [0, 12] });
    let end = 0;
    for (const { data_offsets: [from, to] } of Object.values<{ data_offsets: number[] }>(entries)) {
      assertEquals(from, end);
      end = to!;
    }
    assertEquals([headerEnd + end, headerEnd % 8], [bytes.length, 0]);
  });
});

Deno.test("saveCheckpoint() leaves the old checkpoint if it cannot write a new one", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "cnn.checkpoint");
    await saveCheckpoint(file, example);
    const { rename } = Deno;
    Deno.rename = () => Promise.reject(new Error("no space"));
    const save = () => saveCheckpoint(file, { ...example, settings: {} });
    await assertRejects(save, Error, `${file} cannot be written: no space`)
      .finally(() => Deno.rename = rename);
    assertEquals(await loadCheckpoint(file), example);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  });
});

Deno.test("loadCheckpoint() refuses what is missing or damaged, and names it", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "cnn.checkpoint");
    await assertRejects(
      () => loadCheckpoint(file),
      Deno.errors.NotFound,
      `no checkpoint ${file}`,
    );
    await saveCheckpoint(file, example);
    const whole = await Deno.readFile(file);
    const damages: Uint8Array[] = [
      new Uint8Array(),
      whole.subarray(0, 20),
      whole.subarray(0, -1),
      ...[0, 30, whole.length - 40, whole.length - 1].map((at) =>
        whole.map((byte, i) => i === at ? byte ^ 1 : byte)
      ),
    ];
    for (const damaged of damages) {
      await Deno.writeFile(file, damaged);
      await assertRejects(() => loadCheckpoint(file), Deno.errors.InvalidData, file);
    }
  });
});

const images = makeImageSet(48, 24);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function digest(tensor: Tensor): Promise<string> {
  const values = await tensor.data<"float32">();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", values.slice())).toHex();
}

/** Trains a fresh model for 4 epochs of 5 batches; gives the result, and the weights it ended with. */
async function train(options: Partial<TrainOptions> = {}, { seed = 3, dropout = 0.5 } = {}) {
  const model = buildCnn({ size: 24, seed, dropout });
  try {
    const result = await trainModel(model, images, {
      classes: CLASSES.binary,
      train: range(0, 36),
      validation: range(36, 48),
      batchSize: 8,
      epochs: 4,
      seed: 3,
      ...options,
    });
    return { ...result, weights: await Promise.all(model.getWeights().map(digest)) };
  } finally {
    model.dispose();
  }
}

/** Trains until so many batches are done; `how` it ends is by a signal, or as if the power failed. */
async function trainUntil(
  count: number,
  how: "signal" | "crash",
  options: Partial<TrainOptions>,
) {
  const control = new AbortController();
  const onBatch = () => {
    if (--count > 0) return;
    if (how === "crash") throw new Error("stopped");
    control.abort(new Error("stopped"));
  };
  await assertRejects(
    () => train({ ...options, onBatch, signal: control.signal }),
    Error,
    "stopped",
  );
}

for (const kernels of ["native", "stock"]) {
  Deno.test(`trainModel() goes on from a checkpoint as if it had not stopped, ${kernels} kernels`, async () => {
    if (kernels === "stock") Deno.env.set("FACE_MASK_STOCK_KERNELS", "1");
    try {
      await withFolder((folder) => assertNoLeak(() => stopAndGoOn(folder)));
    } finally {
      Deno.env.delete("FACE_MASK_STOCK_KERNELS");
    }
  });
}

async function stopAndGoOn(folder: string) {
  const whole = await train();
  const random = seededRandom(5);
  for (const how of ["signal", "crash"] as const) {
    for (let round = 0; round < 4; round++) {
      const checkpoint = join(folder, `${how} ${round}`);
      const options = { checkpoint, checkpointSeconds: 0.02 * round };
      const first = 6 + Math.floor(random() * 8);
      await trainUntil(first, how, options);
      const resumeFrom = await loadCheckpoint(checkpoint);
      if (how === "signal") {
        const { epoch, batch } = resumeFrom.progress;
        assertEquals((epoch - 1) * 5 + batch, first, "the last batch is in the checkpoint");
      }
      // Stopped once more before it ends.
      await trainUntil(1 + Math.floor(random() * 3), how, { ...options, resumeFrom });
      const resumed = await train({ resumeFrom: await loadCheckpoint(checkpoint) });
      assertEquals(resumed, whole, `${how} after batch ${first}`);
    }
  }
}

Deno.test("trainModel() goes on with the same teacher as if it had not stopped", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "taught");
    const info = { classes: CLASSES.binary, size: 24, preprocessing: "", trainedOn: "" };
    const teacher = { model: buildCnn({ size: 24 }), info };
    const whole = await train({ teacher });
    await trainUntil(7, "signal", { teacher, checkpoint });
    const resumeFrom = await loadCheckpoint(checkpoint);
    assertEquals(await train({ teacher, resumeFrom }), whole);
    teacher.model.dispose();
  });
});

Deno.test("trainModel() has nothing left to do after the checkpoint of its end", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "over");
    const whole = await train({ checkpoint });
    const onBatch = () => {
      throw new Error("one batch more");
    };
    assertEquals(await train({ resumeFrom: await loadCheckpoint(checkpoint), onBatch }), whole);
  });
});

Deno.test("trainModel() refuses the checkpoint of another run, and names what differs", async () => {
  await withFolder(async (folder) => {
    const checkpoint = join(folder, "other");
    await train({ checkpoint, epochs: 1 });
    const resumeFrom = await loadCheckpoint(checkpoint);
    const info = { classes: CLASSES.binary, size: 24, preprocessing: "", trainedOn: "" };
    const teacher = { model: buildCnn({ size: 24 }), info };
    const cases: [Partial<TrainOptions>, string][] = [
      [{ epochs: 1, teacher }, 'teacher must be "none", got "'],
      [{ epochs: 2 }, "epochs must be 1, got 2"],
      [{ epochs: 1, seed: 4 }, "seed must be 3, got 4"],
      [{ epochs: 1, augment: false, patience: 9 }, "got 9; augment must be {}, got false"],
      [{ epochs: 1, train: range(1, 36) }, 'train must be "36, SHA-256'],
      [{ epochs: 1, validation: range(35, 48) }, 'validation must be "12, SHA-256'],
    ];
    await assertNoLeak(async () => {
      for (const [options, message] of cases) {
        await assertRejects(() => train({ ...options, resumeFrom }), RangeError, message);
      }
      await assertRejects(
        () => train({ epochs: 1, resumeFrom }, { dropout: 0.4 }),
        RangeError,
        "layers must be",
      );
      images.pixels[0]! ^= 1;
      await assertRejects(() => train({ epochs: 1, resumeFrom }), RangeError, "photos must be");
      images.pixels[0]! ^= 1;
    });
    teacher.model.dispose();
  });
});
