import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { Image } from "imagescript";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { loadCheckpoint } from "../../lib/training/checkpoint.ts";
import { RECIPES } from "../../lib/training/recipes.ts";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { CLASSES } from "../../lib/types.ts";
import { findPython } from "../../scripts/python.ts";
import { withFolder } from "../fixtures/photos.ts";
import { runTask } from "../fixtures/run_task.ts";
import { GROUP } from "../fixtures/group_photos.ts";
import { writeVoc } from "../fixtures/voc_photos.ts";

const ROOT = join(import.meta.dirname!, "../..");

Deno.test("train, evaluate and predict keep their contract", async (test) => {
  await withFolder(async (folder) => {
    const [photos, model] = [join(folder, "photos"), join(folder, "model")];
    await writeSampleFaces(join(photos, "data"), { count: 60, seed: 7 });
    await Deno.mkdir(join(photos, "data/masked"));
    await Deno.writeTextFile(join(photos, "data/masked/broken.jpg"), "no photo");

    await test.step("train ends with the held-out result as JSON", async () => {
      const { code, stdout, stderr } = await runTask(
        "train",
        "--data",
        photos,
        "--model",
        model,
        "--epochs",
        "1",
        "--json",
      );
      assertEquals([code, stdout.trim().split("\n").length], [0, 1], stderr);
      const result = JSON.parse(stdout);
      assertEquals([result.n, result.classes], [9, ["without_mask", "with_mask"]]);
      assertStringIncludes(result.data, "say nothing about real photos");
      assertEquals(result.unreadable.length, 1);
    });

    await test.step("train learns from the model that ships", async () => {
      const other = join(folder, "taught");
      const options = ["--recipe", "cnn-taught", "--epochs", "1", "--json"];
      const args = ["--data", photos, "--model", other, ...options];
      const { code, stdout, stderr } = await runTask("train", ...args);
      assertEquals([code, stderr], [0, ""]);
      const { n, teacher } = JSON.parse(stdout);
      assertEquals(n, 9);
      assertMatch(teacher.trainedOn, /face-mask-dataset/);
      assertMatch(await Deno.readTextFile(join(other, "model.json")), /taught by a model of face-/);
      const untaught = await runTask("train", ...args, "--recipe", "cnn");
      assertNotEquals(JSON.parse(untaught.stdout).auc, JSON.parse(stdout).auc);
    });

    await test.step("evaluate judges every readable photo and lists the others", async () => {
      const { code, stdout, stderr } = await runTask(
        "evaluate",
        "--model",
        model,
        "--data",
        photos,
        "--json",
      );
      assertEquals([code, stderr], [0, ""]);
      const result = JSON.parse(stdout);
      for (
        const key of [
          "n",
          "accuracy",
          "precision",
          "recall",
          "f1",
          "auc",
          "confusion",
          "classes",
          "unreadable",
          "notes",
          "trainedOn",
        ]
      ) {
        assert(key in result, key);
      }
      assertEquals([result.n, result.confusion.flat().reduce((a: number, b: number) => a + b)], [
        60,
        60,
      ]);
      assertMatch(result.unreadable[0].file, /broken\.jpg$/);
      assertMatch(result.unreadable[0].reason, /not a readable photo/);
    });

    await test.step("evaluate without --json says the same in words", async () => {
      const { code, stdout, stderr } = await runTask(
        "evaluate",
        "--model",
        model,
        "--data",
        photos,
      );
      assertEquals(code, 0);
      assertMatch(stdout, /n = 60/);
      assertStringIncludes(stdout, "say nothing about real photos");
      assertMatch(stderr, /the model was trained on: drawn faces/);
      assertMatch(stderr, /1 could not be read/);
      assertMatch(
        stderr,
        /1 to be noted:\n.*classes are read so: masked and with_mask as with_mask/,
      );
    });

    await test.step("predict --crop gives one line per file, and fails if one was not classified", async () => {
      const good = join(photos, "data/with_mask/with_mask_1.jpg");
      const bad = join(photos, "data/masked/broken.jpg");
      const whole = await runTask("predict", "--crop", "--model", model, "--json", good);
      const { file, label, probability } = JSON.parse(whole.stdout);
      assertEquals([whole.code, file], [0, good]);
      assert(
        ["with_mask", "without_mask"].includes(label) && probability >= 0.5 && probability <= 1,
      );
      const mixed = await runTask(
        "predict",
        "--crop",
        "--model",
        model,
        "--json",
        bad,
        good,
        "missing.jpg",
      );
      const lines = mixed.stdout.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals([mixed.code, lines.length], [1, 3]);
      assertEquals(lines.map((line) => "error" in line), [true, false, true]);
      assertMatch(
        (await runTask("predict", "--crop", "--model", model, good)).stdout,
        /with_mask_1\.jpg: (unsure, perhaps )?with/,
      );
    });

    await test.step("predict takes a folder, and goes on with a file of results that was cut", async () => {
      const output = join(folder, "results.jsonl"), pictures = join(folder, "pictures");
      const args = ["--crop", "--model", model, "--json", "--output", output];
      const paths = [join(photos, "data/without_mask"), `${photos}/data/with_mask/*[1-3].jpg`];
      const first = await runTask("predict", ...args, "--annotate", pictures, ...paths);
      assertEquals([first.code, first.stdout], [0, ""], first.stderr);
      const written = await Deno.readTextFile(output);
      const rows = written.trimEnd().split("\n");
      const { samples } = await scanDataset(photos);
      const expected = samples.filter(({ file, className }) =>
        className === "without_mask" || /[1-3]\.jpg$/.test(file)
      );
      assertEquals(rows.length, expected.length);
      assertEquals(await countFiles(pictures), expected.length);

      const again = await runTask("predict", ...args, ...paths);
      assertEquals(again.code, 1);
      assertMatch(again.stderr, /results\.jsonl already exists/);
      await Deno.truncate(output, written.length - 5);
      const resumed = await runTask("predict", ...args, "--resume", ...paths);
      assertEquals(resumed.code, 0, resumed.stderr);
      // In a batch of another size the last digits of a probability may differ.
      const fileAndLabel = (row: string) => {
        const { file, label } = JSON.parse(row);
        return `${file}: ${label}`;
      };
      const all = (await Deno.readTextFile(output)).trimEnd().split("\n");
      assertEquals(all.map(fileAndLabel).sort(), rows.map(fileAndLabel).sort());
    });

    await test.step("predict does not judge the pictures that it drew, nor draw over photos", async () => {
      const inside = join(folder, "some"), pictures = join(inside, "pictures");
      await Deno.mkdir(inside);
      const photo = join(inside, "1.jpg");
      await Deno.copyFile(join(photos, "data/with_mask/with_mask_1.jpg"), photo);
      const before = await Deno.readFile(photo);
      const args = ["--crop", "--model", model, "--json", "--annotate"];
      for (let times = 0; times < 2; times++) {
        const { code, stdout } = await runTask("predict", ...args, pictures, inside);
        assertEquals([code, stdout.trim().split("\n").length], [0, 1]);
      }
      assertEquals(await countFiles(pictures), 1);
      for (const path of [photo, `${inside}/*.jpg`, inside]) {
        const { code, stderr } = await runTask("predict", ...args, inside, path);
        assertEquals(code, 1);
        assertMatch(stderr, /error: --annotate .* the pictures need a folder without photos/);
      }
      assertEquals(await Deno.readFile(photo), before);
      const { code, stderr } = await runTask("predict", "--crop", "--faces-from", "8", photo);
      assertEquals(code, 1);
      assertMatch(stderr, /error: --faces-from and --min-score .* leave out --crop/);
    });

    await test.step("predict finds the faces of a photo, and says where it finds none", async () => {
      const args = [
        "--model",
        model,
        "--json",
        GROUP,
        join(photos, "data/masked/broken.jpg"),
      ];
      const { code, stdout } = await runTask("predict", ...args);
      const [group, bad] = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals([code, group.file, group.faces.length, "error" in bad], [1, GROUP, 3, true]);
      const { unsure: _, ...face } = group.faces[0];
      assertEquals(Object.keys(face).sort(), ["box", "label", "probability", "score"]);

      const wall = join(folder, "wall.png");
      await new Image(300, 200).fill(0x8899aaff).encode().then((png) => Deno.writeFile(wall, png));
      const words = await runTask("predict", "--model", model, wall, GROUP);
      const [empty, faces] = words.stdout.trim().split("\n");
      assertEquals([words.code, empty], [0, `${wall}: no face found`]);
      assertMatch(
        faces!,
        /sample\d\.jpg: ((unsure, perhaps )?with(out)? mask \(\d+\.\d%\)(, |$)){3}/,
      );
    });
  });
});

async function countFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    count += isDirectory ? await countFiles(join(folder, name)) : 1;
  }
  return count;
}

Deno.test("train and evaluate take faces of a VOC set, for two classes and for three", async (test) => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos"), model = join(folder, "model");
    await Deno.mkdir(photos);
    await writeVoc(photos, 8);
    await Deno.copyFile(join(photos, "images/0.jpg"), join(photos, "images/bare.jpg"));
    const common = ["--data", photos, "--model", model, "--json"];
    const small = { reason: "face under 20 pixels", count: 1 };
    const incorrect = { reason: "mask_weared_incorrect", count: 8 };

    for (const task of ["binary", "three-class"] as const) {
      const leftOut = task === "binary" ? [small, incorrect] : [small];
      await test.step(task, async () => {
        const options = ["--task", task, "--min-face", "20", "--epochs", "1"];
        const trained = await runTask("train", ...common, ...options);
        assertEquals(trained.code, 0, trained.stderr);
        const result = JSON.parse(trained.stdout);
        assertEquals(result.classes, CLASSES[task]);
        assertEquals(new Set(result.leftOut), new Set(leftOut));
        assert("macroF1" in result);
        const { userDefinedMetadata } = JSON.parse(
          await Deno.readTextFile(join(model, "model.json")),
        );
        assertEquals(userDefinedMetadata.margin, 0.15);

        const judged = await runTask("evaluate", ...common);
        assertEquals(judged.code, 0, judged.stderr);
        const { n, classes, confusion, leftOut: left } = JSON.parse(judged.stdout);
        assertEquals(classes, CLASSES[task]);
        assertEquals([n, confusion.length], task === "binary" ? [17, 2] : [25, 3]);
        assertEquals(left, task === "binary" ? [incorrect] : []);
      });
    }

    await test.step("evaluate judges a model of three classes by two, and one part of the photos", async () => {
      const { code, stdout, stderr } = await runTask("evaluate", ...common, "--task", "binary");
      assertEquals(code, 0, stderr);
      const { n, classes } = JSON.parse(stdout);
      assertEquals([n, classes], [17, CLASSES.binary]);
      const parts = [];
      for (const part of ["train", "validation", "test"]) {
        const options = ["--part", part, "--split-seed", "3"];
        parts.push(JSON.parse((await runTask("evaluate", ...common, ...options)).stdout).n);
      }
      assertEquals(parts.reduce((sum, n) => sum + n), 25);
      assert(parts[0] > parts[2] && parts[2] > 0, `${parts}`);
    });

    await test.step("evaluate takes corrected labels and labelled kinds, and says what is sure", async () => {
      const box = [40, 0, 40, 40]; // of each photo's masked face
      const corrections = [null, "without_mask"].map((is, photo) => ({
        file: `${photo}.jpg`,
        box,
        was: "with_mask",
        is,
      }));
      const kinds = { beard: ["1.jpg 40,0,40,40", "3.jpg 40,0,40,40"], none: ["0.jpg 40,0,40,40"] };
      const list = join(folder, "list.json");
      await Deno.writeTextFile(list, JSON.stringify({ corrections, kinds }));
      const options = ["--corrections", list, "--kinds", list];
      const { code, stdout, stderr } = await runTask("evaluate", ...common, ...options);
      assertEquals(code, 0, stderr);
      const { n, perClass, slices, coverage, data } = JSON.parse(stdout);
      const supports = perClass.map(({ support }: { support: number }) => support);
      assertEquals([n, supports, coverage.n], [24, [9, 7, 8], 24]);
      assertMatch(data, /1 labels corrected and 1 left out/);
      assertEquals(
        slices.map(({ name, n }: { name: string; n: number }) => [name, n]),
        [["beard", 2]],
      );
      assert(coverage.unsureBelow >= 0 && coverage.unsureBelow <= 1);
      const words = await runTask("evaluate", ...common.slice(0, -1));
      assertMatch(words.stdout, /sure, from a probability of \d\.\d{3} on: \d+ \(/);
    });

    await test.step("train corrects labels of the training part alone", async () => {
      const list = join(folder, "list.json");
      const options = ["--task", "three-class", "--epochs", "1", "--corrections", list];
      const other = ["--data", photos, "--model", join(folder, "other"), "--json"];
      const { code, stdout, stderr } = await runTask("train", ...other, ...options);
      assertEquals(code, 0, stderr);
      const { corrected, n, unsureBelow } = JSON.parse(stdout);
      const plain = JSON.parse((await runTask("train", ...other, ...options.slice(0, 4))).stdout);
      assert(corrected.relabelled + corrected.leftOut <= 2);
      assertEquals(plain.n, n, "the test part stays as it is");
      assert(unsureBelow >= 0 && unsureBelow <= 1);
    });

    await test.step("evaluate --task detection judges detector, classifier and both", async () => {
      const options = ["--task", "detection", "--min-face", "20"];
      const { code, stdout, stderr } = await runTask("evaluate", ...common, ...options);
      assertEquals([code, stderr], [0, ""]);
      const result = JSON.parse(stdout);
      // Ellipses are no faces: nothing is found, and the precision of nothing is 0.
      assertEquals([result.mAP, result.mAP2, result.photos], [0, 0, 8]);
      assertEquals([result.faces, result.ignoredFaces, result.classifier.n], [24, 1, 24]);
      assertEquals(result.countErrors.faces, 3);
      for (const key of ["perClass", "detector", "data", "leftOut", "unreadable"]) {
        assert(key in result, key);
      }
      const part = await runTask("evaluate", ...common, ...options, "--part", "test");
      assertEquals(JSON.parse(part.stdout).photos < 8, true, part.stderr);
      const words = await runTask("evaluate", ...common.slice(0, -1), ...options);
      assertMatch(words.stdout, /mAP {7}0\.0000 at IoU 0\.5/);
      const none = await runTask("evaluate", ...common, ...options.slice(0, -1), "999");
      assertMatch(none.stderr, /no labelled face of at least 999 pixels in photos/);

      const photo = join(photos, "images/0.jpg"), bytes = await Deno.readFile(photo);
      await Deno.writeTextFile(photo, "no photo");
      const broken = JSON.parse((await runTask("evaluate", ...common, ...options)).stdout);
      await Deno.writeFile(photo, bytes);
      assertEquals(broken.unreadable.map(({ file }: { file: string }) => file), [photo]);
    });

    await test.step("the binary task can count masks worn incorrectly as a class", async () => {
      const options = ["--incorrect", "without_mask", "--min-face", "20", "--epochs", "1"];
      const { stdout } = await runTask("train", ...common, ...options);
      assertEquals(JSON.parse(stdout).leftOut, [small]);
      const words = await runTask("evaluate", "--data", photos, "--model", model);
      assertMatch(words.stderr, /8 left out: mask_weared_incorrect/);
      assertMatch(words.stderr, /1 to be noted:\n.*bare.jpg: no annotation: not used/);
      const { code, stderr } = await runTask("evaluate", ...common, "--task", "three-class");
      assertEquals(code, 1);
      assertMatch(stderr, /--task must be binary, .* knows without_mask and with_mask, got three/);
    });
  });
});

Deno.test("the commands answer --help, and a mistake in one line", async () => {
  for (const task of ["start", "setup", "train", "evaluate", "predict", "train_detector"]) {
    const { code, stdout } = await runTask(task, "--help");
    assertEquals([task, code], [task, 0]);
    assertStringIncludes(stdout, `Usage: deno task ${task.replace("_", "-")}`);
  }
  const help = (await runTask("train", "--help")).stdout.replaceAll(/\s+/g, " ");
  for (const [name, { description }] of Object.entries(RECIPES)) {
    assertStringIncludes(help, `${name}: ${description}`);
  }
  const choices = Object.keys(RECIPES).map((name) => JSON.stringify(name)).join(", ");
  assertStringIncludes(help, `(choices: ${choices}, default: "cnn")`);
  const cases: [string[], RegExp][] = [
    [["train", "--epochs", "two"], /--epochs.*whole number/],
    [["train", "--resume", "--model", "nowhere"], /no checkpoint .*nowhere.training\.checkpoint/],
    [["train", "--data", "nowhere.zip"], /there is no folder or zip .*nowhere\.zip/],
    [["train", "--task", "four-class"], /--task.*binary, three-class/],
    [["train", "--classes", "hat"], /--classes.*must be "name=class,name=class", got "hat"/],
    [["evaluate", "--classes", "a=b"], /--classes.*one of without_mask, .*, got "b" for "a"/],
    [["train", "--min-face", "-1"], /--min-face.*whole number/],
    [["evaluate", "--incorrect", "mend"], /--incorrect.*leave-out, without_mask, with_mask/],
    [["evaluate", "--task", "detection", "--slices"], /--slices must be without --task detection/],
    [["evaluate", "--model", "nowhere"], /nowhere holds no model\.json/],
    [["train", "--data", ""], /--data.*A path is needed/],
    [["train", "--model", ""], /--model.*A path is needed/],
    [["predict"], /missing required argument/],
    [["predict", "--colour", "x.jpg"], /unknown option/],
    [["predict", "--resume", "x.jpg"], /--resume needs --output/],
    [["train_detector"], /--data <path>/],
    [["predict", "--faces-from", "big", "x.jpg"], /--faces-from.*number/],
    [["predict", "--output", "y", "x.jpg"], /--output must be with --format json or csv/],
    [
      ["predict", "--format", "csv", "--output", "y", "--resume", "x.jpg"],
      /--resume must be with --format json, got csv/,
    ],
    [["predict", "--min-score", "2", "x.jpg"], /--min-score.*above 0 and below 1/],
  ];
  for (const [[task, ...args], message] of cases) {
    const { code, stdout, stderr } = await runTask(task!, ...args);
    assertEquals([code, stdout], [1, ""], stderr);
    assertMatch(stderr, message);
    assertEquals(/^\s+at /m.test(stderr), false, `a stack trace: ${stderr}`);
  }
});

/** Starts a training, sends it the signal when it has written a checkpoint, and waits for its end. */
async function trainAndStop(args: string[], checkpoint: string, signal: Deno.Signal) {
  const writtenAt = () => Deno.stat(checkpoint).then(({ mtime }) => mtime?.getTime(), () => 0);
  const before = await writtenAt();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", join(ROOT, "scripts/train.ts"), "--no-cache", ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let isOver = false;
  const output = child.output().finally(() => isOver = true);
  while (!isOver && await writtenAt() === before) {
    await new Promise((resume) => setTimeout(resume, 20));
  }
  if (!isOver) child.kill(signal);
  const { code, stderr } = await output;
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("train --resume goes on after kill -9 and Ctrl-C as if there had been none", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeSampleFaces(join(photos, "data"), { count: 60, seed: 7 });
    const argsOf = (name: string) => {
      const args = ["--data", photos, "--model", join(folder, name), "--epochs", "6"];
      return [...args, "--json"];
    };
    const [args, checkpoint] = [argsOf("stopped"), join(folder, "stopped/training.checkpoint")];
    const killed = await trainAndStop(args, checkpoint, "SIGKILL");
    assertEquals(killed.code, 137);
    const interrupted = await trainAndStop([...args, "--resume"], checkpoint, "SIGINT");
    assertEquals(interrupted.code, 130, interrupted.stderr);
    assertMatch(interrupted.stderr, /repeat the command with --resume/);

    const resumed = await runTask("train", ...args, "--resume");
    const whole = await runTask("train", ...argsOf("whole"));
    assertEquals([resumed.code, whole.code], [0, 0], resumed.stderr + whole.stderr);
    const { model: _, ...result } = JSON.parse(resumed.stdout);
    const { model: __, ...expected } = JSON.parse(whole.stdout);
    assertEquals(result, expected);
    const weights = (name: string) => Deno.readFile(join(folder, name, "weights.bin"));
    const [a, b] = [await weights("stopped"), await weights("whole")];
    assert(a.every((byte, i) => byte === b[i]), "the weights differ");
    assertEquals(await Deno.stat(checkpoint).catch(() => "removed"), "removed");
  });
});

const python = Deno.build.os === "windows" ? undefined : await findPython(); // Windows has no pty

Deno.test({
  name: "train stops at Ctrl-C on a terminal, where `deno task` and the script both get it",
  ignore: !python,
  fn: async () => {
    await withFolder(async (folder) => {
      const photos = join(folder, "photos"), checkpoint = join(folder, "model/training.checkpoint");
      await writeSampleFaces(join(photos, "data"), { count: 60, seed: 7 });
      const options = ["--data", photos, "--model", join(folder, "model"), "--no-cache"];
      const task = [Deno.execPath(), "task", "train", ...options];
      const { code, stdout } = await new Deno.Command(python!, {
        args: [join(import.meta.dirname!, "press_ctrl_c.py"), "epoch 2 of", ...task],
        cwd: ROOT,
      }).output();
      const shown = new TextDecoder().decode(stdout);
      assertEquals(code, 130, shown);
      assertMatch(shown, /\nstopped; .* --resume \(.*model.training\.checkpoint\)\s*$/);
      assertEquals((await loadCheckpoint(checkpoint)).progress.epoch, 2);
      const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      assertEquals(left.sort(), ["model", "photos"]);
    });
  },
});
