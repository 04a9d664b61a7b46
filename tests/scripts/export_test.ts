import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { buildCnn } from "../../lib/model/cnn.ts";
import { saveClassifier } from "../../lib/model/saved_model.ts";
import { buildTransferModel } from "../../lib/model/transfer.ts";
import { CLASSES, type Task } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const ROOT = join(import.meta.dirname!, "../..");
/** The converter is too large to be installed for a test: the first `deno task export` installs it. */
const CONVERTER = await Deno.stat(join(ROOT, ".venv-export/installed.txt"))
  .then(() => true, () => false);
const UNLESS = CONVERTER ? "" : " (skipped: `deno task export` has not made .venv-export yet)";

async function runExport(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", join(ROOT, "scripts/export.ts"), ...args],
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function save(model: LayersModel, folder: string, task: Task, size: number): Promise<void> {
  await saveClassifier({
    model,
    info: { classes: CLASSES[task], size, margin: 0.15, trainedOn: "nothing" },
  }, folder);
  model.dispose();
}

const listNames = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("export answers --help, and a mistake in one line", async () => {
  await withFolder(async (folder) => {
    const { code, stdout } = await runExport("--help");
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Usage: deno task export");
    const output = join(folder, "new");
    const cases: [string[], RegExp][] = [
      [[], /--output <folder>' not specified/],
      [["--output", output, "--format", "coreml"], /--format.*onnx, tflite, tfjs/],
      [["--output", folder], /is there already: choose another --output/],
      [["--output", output, "--data", "nowhere"], /there is no nowhere to take photos from/],
      [["--output", output, "--model", "nowhere"], /nowhere holds no model\.json/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runExport(...args);
      assertEquals([code, stdout], [1, ""], stderr);
      assertMatch(stderr, message);
      assertEquals(/^\s+at /m.test(stderr), false, `a stack trace: ${stderr}`);
    }
    assertEquals(await listNames(folder), []);
  });
});

Deno.test("export --format tfjs copies the model and the files beside it", async () => {
  await withFolder(async (folder) => {
    const model = join(folder, "model");
    await save(buildCnn({ size: 24 }), model, "binary", 24);
    await Deno.writeTextFile(join(model, "README.md"), "a card");
    const output = join(folder, "deep/copy");
    await Deno.mkdir(join(folder, "deep/.copy-part/made/half"), { recursive: true }); // as after kill -9
    const { code, stdout, stderr } = await runExport(
      ...["--model", model, "--output", output, "--format", "tfjs", "--json"],
    );
    assertEquals([code, stderr], [0, ""]);
    assertEquals(JSON.parse(stdout), { format: "tfjs", output });
    assertEquals(await listNames(output), ["README.md", "model.json", "weights.bin"]);
    for (const name of await listNames(output)) {
      assertEquals(await Deno.readFile(join(output, name)), await Deno.readFile(join(model, name)));
    }
    assertEquals(await listNames(join(folder, "deep")), ["copy"]);
  });
});

Deno.test({
  name: `export to ONNX and TFLite: the same probabilities there${UNLESS}`,
  ignore: !CONVERTER,
  fn: async (test) => {
    const cases = [
      ["onnx", "binary", () => buildCnn({ size: 32 }), "[n, 1]: the probability of with_mask"],
      [
        "tflite",
        "three-class",
        () => buildTransferModel({ size: 32, blocks: 3, classes: 3 }),
        "[n, 3]: the probability of each class",
      ],
    ] as const;
    for (const [format, task, build, meaning] of cases) {
      await test.step(`${format}, ${task}`, async () => {
        await withFolder(async (folder) => {
          const [model, output] = [join(folder, "model"), join(folder, "exported")];
          await save(await build(), model, task, 32);
          const { code, stdout, stderr } = await runExport(
            ...["--model", model, "--output", output, "--format", format, "--json"],
          );
          assertEquals(code, 0, stderr);
          const { maxDifference, photos } = JSON.parse(stdout);
          assertEquals([photos, maxDifference < 1e-5], [100, true], stdout);
          assertEquals(await listNames(output), ["metadata.json", `model.${format}`]);
          const metadata = JSON.parse(await Deno.readTextFile(join(output, "metadata.json")));
          assertEquals([metadata.classes, metadata.size, metadata.margin], [
            CLASSES[task],
            32,
            0.15,
          ]);
          assertStringIncludes(metadata.output, meaning);
          const bytes = new TextDecoder("latin1").decode(
            await Deno.readFile(join(output, `model.${format}`)),
          );
          assertEquals(bytes.includes("without_mask"), format === "onnx"); // in the file itself
          assertEquals(await listNames(folder), ["exported", "model"]);
        });
      });
    }
  },
});
