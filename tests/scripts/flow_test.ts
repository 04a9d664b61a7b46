import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { saveClassifier } from "../../lib/model/saved_model.ts";
import { CLASSES, type Task } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";
import { runTask, runTaskWith } from "../fixtures/run_task.ts";

/** Untrained, but fast. */
async function saveCnn(folder: string, task: Task): Promise<void> {
  const classes = CLASSES[task];
  const model = buildCnn({ size: 32, classes: classes.length });
  await saveClassifier({ model, info: { classes, size: 32, trainedOn: "nothing" } }, folder);
  model.dispose();
}

Deno.test("evaluate takes the classes that are there, with no options but the data's place", async (test) => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos"), model = join(folder, "model");
    await writeSampleFaces(photos, { count: 30, seed: 5 });
    await saveCnn(model, "three-class");

    await test.step("the notebook's data, the model that ships: two classes, and third answers counted", async () => {
      const env = { FACE_MASK_DATA: photos };
      const { code, stdout, stderr } = await runTaskWith(env, "evaluate", "--no-cache", "--json");
      assertEquals([code, stderr], [0, ""]);
      const result = JSON.parse(stdout);
      assertEquals([result.n, result.classes], [30, [...CLASSES.binary]]);
      assertEquals(result.otherAnswers.className, "mask_weared_incorrect");
      assertEquals(result.warnings, [
        "the set has 30 photos: with fewer than 50, results vary much by chance",
      ]);
    });

    await test.step("one class alone: its recall, and no accuracy", async () => {
      const masked = join(folder, "masked");
      await Deno.mkdir(masked);
      await Deno.rename(join(photos, "with_mask"), join(masked, "with_mask"));
      const args = ["--model", model, "--data", masked];
      const { code, stdout } = await runTask("evaluate", ...args);
      assertEquals(code, 0);
      assertMatch(stdout, /^recall of with_mask {2}[01]\.\d{4} \(n = 15, 95% interval/);
      assertEquals(stdout.includes("accuracy"), false, stdout);
      assertStringIncludes(stdout, "warning   the set has no photo of without_mask");
      const { perClass, auc } = JSON.parse((await runTask("evaluate", ...args, "--json")).stdout);
      assertEquals([perClass[1].support, auc], [15, null]);
    });

    await test.step("a class without a readable photo: the first reasons, at once", async () => {
      for (let i = 0; i < 4; i++) {
        await Deno.mkdir(join(photos, "with_mask"), { recursive: true });
        await Deno.writeTextFile(join(photos, `with_mask/IMG_${i}.HEIC`), "no photo");
      }
      for (const task of ["train", "evaluate"]) {
        const place = task === "train" ? join(folder, "new") : model;
        const { code, stdout, stderr } = await runTask(task, "--data", photos, "--model", place);
        assertEquals([code, stdout], [1, ""]);
        const lines = stderr.trim().split("\n");
        const first = lines.findIndex((line) => line.startsWith("error: "));
        assertEquals(lines.slice(first, first + 2), [
          "error: no usable sample of with_mask in drawn faces, which say nothing about real photos",
          "  without_mask: 15",
        ]);
        assertMatch(lines[first + 2]!, /^ {2}.*with_mask\/IMG_0\.HEIC: /);
        assertEquals([lines.length - first, lines.at(-1)], [6, "  and 1 more"]);
      }
    });
  });
});

Deno.test("evaluate --report writes one page of charts and photos, and loads nothing", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos"), model = join(folder, "model");
    await writeSampleFaces(photos, { count: 12, seed: 5 });
    await saveCnn(model, "binary");
    const report = join(folder, "new/report.html");
    const args = ["--model", model, "--data", photos];
    const { code, stdout, stderr } = await runTask("evaluate", ...args, "--report", report);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, `report    ${report}`);
    const page = await Deno.readTextFile(report);
    assertEquals(page.match(/(src|href)="(?!data:image|#)/g), null);
    const count = (pattern: RegExp) => page.match(pattern)?.length;
    const wrong = Number(page.match(/>(\d+) mistakes?[.;]/)![1]);
    assertEquals(count(/src="data:image\/jpeg/g), 12 + wrong);
    assertEquals(count(/src="data:image\/svg\+xml/g), 5);
    assertStringIncludes(page, "drawn faces, which say nothing about real photos");
    assertStringIncludes(page, "<td>blurred</td>");
    const both = await runTask("evaluate", ...args, "--report", report, "--task", "detection");
    assertMatch(both.stderr, /^error: --report must be without --task detection/);
  });
});

Deno.test("train says each epoch's validation, ends in words, and writes its history beside the model", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos"), model = join(folder, "model");
    await writeSampleFaces(photos, { count: 40, seed: 5 });
    const args = ["--data", photos, "--model", model, "--epochs", "2"];
    const { code, stdout, stderr } = await runTask("train", ...args);
    assertEquals(code, 0, stderr);
    const scores = String.raw`loss \d\.\d{4}, accuracy \d+\.\d%`;
    for (const epoch of [1, 2]) {
      const line = `^epoch ${epoch} of 2: ${scores}; validation ${scores}$`;
      assertMatch(stderr, new RegExp(line, "m"));
    }
    assertMatch(stderr, /^warning: the test part has 6 photos: with fewer than 50/m);
    assertMatch(stdout, /^accuracy {2}[01]\.\d{4} \(n = 6, 95% interval/);
    assertMatch(stdout, /\nwarning {3}the test part has 6 photos/);
    assertMatch(stdout, /\nweights {3}of epoch [12] of 2\n/);
    assertStringIncludes(stdout, `\nmodel     ${model}\n`);
    const csv = (await Deno.readTextFile(join(model, "history.csv"))).trimEnd().split("\n");
    assertEquals(csv.length, 3);
    assert((await Deno.stat(join(model, "logs/validation"))).isDirectory);

    const other = join(folder, "other");
    const json = await runTask("train", ...args, "--model", other, "--json");
    assertEquals([json.code, json.stderr], [0, ""]);
    const { history, n } = JSON.parse(json.stdout);
    assertEquals([history.valLoss.length, n], [2, 6]);
    assertEquals(csv[2]!.split(",")[3], String(history.valLoss[1]));
  });
});

Deno.test("train --from trains a saved model further, and a binary one from one of three classes", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeSampleFaces(photos, { count: 40, seed: 5 });
    const [binary, three] = [join(folder, "binary"), join(folder, "three")];
    await saveCnn(binary, "binary");
    await saveCnn(three, "three-class");
    for (const start of [binary, three]) {
      const model = join(folder, "model");
      const args = ["--data", photos, "--from", start, "--model", model, "--epochs", "1", "--json"];
      const { code, stdout, stderr } = await runTask("train", ...args);
      assertEquals([code, stderr], [0, ""]);
      const { classes, from } = JSON.parse(stdout);
      assertEquals([classes, from], [[...CLASSES.binary], { model: start, trainedOn: "nothing" }]);
      const { userDefinedMetadata: info } = JSON.parse(
        await Deno.readTextFile(join(model, "model.json")),
      );
      assertEquals(info.size, 32);
      assertMatch(info.trainedOn, /^drawn faces.*, starting from a model of nothing$/);
    }
    const args = ["--data", photos, "--from", binary, "--task", "three-class"];
    const refused = await runTask("train", ...args, "--model", join(folder, "none"));
    assertMatch(
      refused.stderr,
      /error: --task must be binary, as the model in .*, got three-class/,
    );
  });
});

Deno.test("train says how many scenes it sees where they cannot be split, and splits by photo if told to", async () => {
  await withFolder(async (folder) => {
    const [faces, frames] = [join(folder, "faces"), join(folder, "frames")];
    await writeSampleFaces(faces, { count: 2, seed: 5 });
    for (const className of CLASSES.binary) {
      await Deno.mkdir(join(frames, className), { recursive: true });
      for (let i = 0; i < 20; i++) { // as a webcam gives them: a little brighter or darker
        await sharp(join(faces, className, `${className}_1.jpg`))
          .modulate({ brightness: 0.9 + 0.01 * i }).toFile(join(frames, className, `${i}.jpg`));
      }
    }
    const args = ["--data", frames, "--model", join(folder, "model"), "--epochs", "1"];
    const { code, stdout, stderr } = await runTask("train", ...args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /error: 40 photos of 2 scenes cannot be split: .*--split-by photo/);
    const split = await runTask("train", ...args, "--split-by", "photo");
    assertEquals(split.code, 0, split.stderr);
    const warning = "the test part has 6 photos of 2 scenes (near-duplicates count as one)";
    assertStringIncludes(split.stderr, `warning: ${warning}`);
    assertStringIncludes(split.stdout, `warning   ${warning}`);
  });
});
