import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { loadDetector } from "../../lib/detection/detector.ts";
import { Budget } from "../../lib/concurrency.ts";
import { MAX_PIXELS } from "../../lib/images/file_format.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { classifyCrop } from "../../lib/model/predict_images.ts";
import { OutputError } from "../../lib/model/predictions.ts";
import { classifyCrops, detectFiles, markUnsure } from "../../lib/inference/predict_files.ts";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { PREPROCESSING } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const classifier = {
  model: buildCnn({ classes: 2, size: 32, seed: 1 }),
  info: { classes: CLASSES.binary, size: 32, preprocessing: PREPROCESSING, trainedOn: "nothing" },
};

Deno.test("classifyCrops() gives each file its result, in order, and an error for a bad one", async () => {
  await withFolder(async (folder) => {
    await writeSampleFaces(folder, { count: 80, seed: 7 });
    const photos = (await Array.fromAsync(Deno.readDir(join(folder, "with_mask"))))
      .map(({ name }) => ({ file: join(folder, "with_mask", name) }));
    const files = [...photos.slice(0, 3), { file: "missing.jpg" }, ...photos.slice(3)];
    files.push({ file: "folder", ...{ reason: "cannot be listed" } });
    let results: Awaited<ReturnType<typeof collect>> = [];
    const collect = () => Array.fromAsync(classifyCrops(classifier, files));
    await assertNoLeak(async () => results = await collect());
    assertEquals(results.map(({ file }) => file), files.map(({ file }) => file));
    for (const [i, result] of results.entries()) {
      if ("error" in result) continue;
      assert("label" in result);
      const expected = await classifyCrop(classifier, result.file);
      assertEquals([i, result.label], [i, expected.label]);
      assert(Math.abs(result.probability - expected.probability) < 1e-5);
    }
    const errors = results.filter((result) => "error" in result);
    assertEquals(errors.map(({ file }) => file), ["missing.jpg", "folder"]);
    assertEquals(errors[1], { file: "folder", error: "cannot be listed" });
  });
});

Deno.test("classifyCrops() decodes no more pixels at once than the largest photo may have", async () => {
  const { run } = Budget.prototype;
  let used = 0, most = 0, decoded = 0;
  // As if the photos of 80 pixels were large: 200 are all that fit in at once.
  Budget.prototype.run = function <T>(cost: number, work: () => Promise<T>) {
    return run.call(this, cost * MAX_PIXELS / 200, async () => {
      most = Math.max(most, used += cost);
      decoded++;
      return await work().finally(() => used -= cost);
    }) as Promise<T>;
  };
  try {
    await withFolder(async (folder) => {
      const photo = join(folder, "a.png"), bad = join(folder, "b.png");
      await sharp({ create: { width: 10, height: 8, channels: 3, background: "red" } })
        .toFile(photo);
      await Deno.writeTextFile(bad, "no photo");
      const files = [bad, ...Array(9).fill(photo), bad].map((file) => ({ file }));
      const results = await Array.fromAsync(classifyCrops(classifier, files));
      assertEquals(results.map((it) => "error" in it), files.map(({ file }) => file === bad));
      assert("error" in results[0]!);
      assertEquals(
        results[0].error,
        "not a readable photo: Input buffer contains unsupported image format",
      );
    });
  } finally {
    Budget.prototype.run = run;
  }
  assertEquals({ used, most, decoded }, { used: 0, most: 160, decoded: 9 });
});

Deno.test("detectFiles() gives the faces of each file, and an error for a bad one", async () => {
  const detector = await loadDetector();
  const files = [{ file: "missing.jpg" }, { file: GROUP }];
  const results = await Array.fromAsync(detectFiles(detector, classifier, files));
  assertEquals(results.map(({ file }) => file), files.map(({ file }) => file));
  assert("error" in results[0]! && "faces" in results[1]!);
  assertEquals(results[1].faces.length, 3);
  const sure = await Array.fromAsync(detectFiles(detector, classifier, files, { minScore: 0.999 }));
  assertEquals("faces" in sure[1]! && sure[1].faces.length, 0);
  detector.dispose();
});

Deno.test("markUnsure() marks predictions below the threshold, and passes on errors", () => {
  const [sure, unsure] = [0.8, 0.79].map((probability) => ({
    label: "with_mask" as const,
    probability,
    box: { left: 0, top: 0, width: 9, height: 9 },
    score: 1,
  }));
  assertEquals(markUnsure({ file: "a", faces: [sure!, unsure!] }, 0.8), {
    file: "a",
    faces: [sure!, { ...unsure!, unsure: true }],
  });
  const single = { file: "a", label: "with_mask" as const, probability: 0.6 };
  assertEquals(markUnsure(single, 0.8), { ...single, unsure: true });
  assertEquals(markUnsure(single, 0), single);
  assertEquals(markUnsure({ file: "a", error: "gone" }, 0.8), { file: "a", error: "gone" });
  assertThrows(() => markUnsure(single, 2), RangeError, "least");
});

Deno.test("classifyCrops() and detectFiles() give an error for a photo that the model has no numbers for", async () => {
  await withFolder(async (folder) => {
    // Black gives 0.5; anything else overflows, and infinity less infinity is not a number.
    const model = tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [32, 32, 3] }),
        tf.layers.dense({ units: 2 }),
        tf.layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    });
    const values = [
      tf.fill([3072, 2], 1e38),
      tf.zeros([2]),
      tf.tensor2d([[1], [-1]]),
      tf.zeros([1]),
    ];
    model.setWeights(values);
    tf.dispose(values);
    const broken = { ...classifier, model };
    const files: { file: string }[] = [];
    for (const [name, level] of [["black", 0], ["white", 255], ["night", 0]] as const) {
      const file = join(folder, `${name}.png`);
      const background = { r: level, g: level, b: level };
      await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(file);
      files.push({ file });
    }
    await assertNoLeak(async () => {
      const results = await Array.fromAsync(classifyCrops(broken, files));
      assertEquals(results.map((result) => "probability" in result && result.probability), [
        0.5,
        false,
        0.5,
      ]);
      assertEquals(results[1], {
        file: files[1]!.file,
        error: "the model's output must be finite, got NaN: is it damaged?",
      });
      await assertRejects(() => classifyCrop(broken, files[1]!.file), OutputError, "finite");
    });
    const detector = await loadDetector();
    try {
      const [result] = await Array.fromAsync(detectFiles(detector, broken, [{ file: GROUP }]));
      assert(
        result && "error" in result && result.error.includes("finite"),
        JSON.stringify(result),
      );
    } finally {
      detector.dispose();
      model.dispose();
    }
  });
});
