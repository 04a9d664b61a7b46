import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { EVALUATION_TYPE } from "../lib/charts/report.ts";
import { writeSampleFaces } from "../lib/data/sample_faces.ts";
import { CLASSES } from "../lib/types.ts";
import { withFolder } from "./fixtures/photos.ts";
import { writeVoc } from "./fixtures/voc_photos.ts";

const ROOT = join(import.meta.dirname!, "..");
const PYTHON = join(
  ROOT,
  Deno.build.os === "windows" ? ".venv/Scripts/python.exe" : ".venv/bin/python",
);

interface Output {
  output_type: string;
  data?: Record<string, unknown>;
}
interface Cell {
  id: string;
  cell_type: string;
  source: string | string[];
  outputs: Output[];
}

const textOf = (value: unknown) => [value].flat().join("");

/** A copy of the project by links, so that what the notebook saves does not meet what the user has there. */
async function linkProject(folder: string): Promise<string> {
  for (const name of ["models", "notebooks"]) await Deno.mkdir(join(folder, name));
  const shared = ["deno.json", "deno.lock", "lib", "models/face-mask", "models/face-detector"];
  for (const name of [...shared, "node_modules", "vendor"]) {
    await Deno.symlink(join(ROOT, name), join(folder, name));
  }
  const notebook = join(folder, "notebooks/FaceMask.ipynb");
  await Deno.copyFile(join(ROOT, "notebooks/FaceMask.ipynb"), notebook);
  return notebook;
}

/** Runs it as `deno task start` does, and gives the cells with what they showed. */
async function runNotebook(notebook: string, photos: string, out: string): Promise<Cell[]> {
  const { code, stderr } = await new Deno.Command(PYTHON, {
    args: [join(ROOT, "scripts/run_notebook.py"), notebook, out],
    env: { FACE_MASK_DATA: photos },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(await Deno.readTextFile(join(out, "FaceMask.ipynb"))).cells;
}

/** Has each code cell run twice in a row, as who changes something in it does. */
async function doubleCells(notebook: string): Promise<void> {
  const { cells, ...rest }: { cells: Cell[] } = JSON.parse(await Deno.readTextFile(notebook));
  const twice = cells.flatMap((cell) =>
    cell.cell_type === "code" ? [cell, { ...cell, id: `${cell.id}-again` }] : [cell]
  );
  await Deno.writeTextFile(notebook, JSON.stringify({ ...rest, cells: twice }));
}

const readOutputs = (cells: Cell[]) => cells.flatMap(({ outputs = [] }) => outputs);

/** What the first of them shows that shows an evaluation. */
function findEvaluation(cells: Cell[]): Record<string, unknown> {
  const output = readOutputs(cells).find(({ data }) => data?.[EVALUATION_TYPE])!;
  return output.data![EVALUATION_TYPE] as Record<string, unknown>;
}

Deno.test("the notebook runs in the real kernel, each cell twice, and shows every chart and the accuracy", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeSampleFaces(photos, { count: 50, seed: 11 });
    for (const name of CLASSES.binary) { // near-duplicates
      for (let i = 1; i <= 5; i++) {
        const file = join(photos, name, `${name}_${i}.jpg`);
        await sharp(file).flop().jpeg().toFile(join(photos, name, `mirrored_${i}.jpg`));
      }
    }
    const notebook = await linkProject(folder);
    await doubleCells(notebook);
    const out = join(folder, "out");
    const cells = await runNotebook(notebook, photos, out);
    const code_cells = cells.filter((cell) => cell.cell_type === "code");
    const outputs = readOutputs(code_cells);
    assertEquals(outputs.filter((output) => output.output_type === "error"), []);
    for (const cell of code_cells) {
      assert(cell.outputs.length > 0, `nothing shown by ${textOf(cell.source)}`);
    }
    const texts = outputs.map(({ data }) => textOf(data?.["text/plain"])).join("\n");
    assertStringIncludes(texts, "10 near-duplicates");
    assertMatch(texts, /[1-9] of its \d+ test samples ha(s|ve) a near-duplicate in training/);

    const charts = outputs.filter((output) => output.data?.["image/svg+xml"]);
    assertEquals(charts.length, 2 * 11);
    for (const chart of charts) {
      assertMatch(textOf(chart.data!["image/svg+xml"]), /<svg[^]*<\/svg>/);
      assertStringIncludes(textOf(chart.data!["text/plain"]), "say nothing about real photos");
    }
    const shown = outputs.find((output) => output.data?.[EVALUATION_TYPE])!.data!;
    const { n, accuracy } = findEvaluation(cells);
    assertEquals(n, 9); // 15% of 60
    assertMatch(
      textOf(shown["text/plain"]),
      new RegExp(`accuracy  ${(accuracy as number).toFixed(4)} \\(n = ${n}, 95% interval`),
    );

    const page = await Deno.readTextFile(join(out, "FaceMask.html"));
    assertEquals(page.match(/<img [^>]*src="data:image\/svg\+xml/g)?.length, charts.length);
    assertEquals(
      page.match(/<(script|link)[^>]* (src|href)="http[^"]*"/g),
      null,
      "the page needs another host",
    );
    assert((await Deno.stat(join(folder, "models/cnn/model.json"))).isFile);
  });
});

Deno.test("the notebook takes faces with boxes, each cell twice, and its test part is evaluate's", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await Deno.mkdir(photos);
    await writeVoc(photos, 8);
    const notebook = await linkProject(folder);
    const text = await Deno.readTextFile(notebook);
    const [two, three] = ['mask.Task = \\"binary\\"', 'mask.Task = \\"three-class\\"'];
    assertEquals(text.split(two).length, 2);
    await Deno.writeTextFile(notebook, text.replace(two, three));
    await doubleCells(notebook);
    const cells = await runNotebook(notebook, photos, join(folder, "out"));
    const texts = readOutputs(cells).map(({ data }) => textOf(data?.["text/plain"])).join("\n");
    assertStringIncludes(texts, "0 near-duplicates");
    assertStringIncludes(texts, "no near-duplicates: as above");

    const evaluations = readOutputs(cells).filter(({ data }) => data?.[EVALUATION_TYPE]);
    const shown = evaluations[1]!.data![EVALUATION_TYPE] as Record<string, unknown>;
    assertEquals(shown.classes, CLASSES["three-class"]);
    const evaluate = [join(ROOT, "scripts/evaluate.ts"), "--part", "test", "--min-face", "20"];
    const model = join(folder, "models/cnn");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...evaluate, "--model", model, "--data", photos, "--no-cache", "--json"],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { trainedOn: _, leftOut: __, notes: ___, unreadable: ____, ...found } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    assertEquals(found, { ...shown, data: "test part of photos" });
  });
});

Deno.test("interrupting a training cell ends the epoch, and keeps the kernel, variables and best weights", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeSampleFaces(photos, { count: 40, seed: 3 });
    const notebook = await linkProject(folder);
    const { cells }: { cells: Cell[] } = JSON.parse(await Deno.readTextFile(notebook));
    const sources = cells.filter((cell) => cell.cell_type === "code").map((cell) =>
      textOf(cell.source)
    );
    const training = sources.findIndex((source) => source.includes("await mask.trainModel(model"));
    const needed = /import|getData|loadLabelledPhotos|photos\.split\(\)|buildCnn\(/;
    const before = sources.slice(0, training).filter((source) => needed.test(source));
    // So long that it ends in time only if it is interrupted.
    const cell = sources[training]!.replace(
      "...options,",
      "...options, epochs: 100_000, patience: 100_000,",
    );
    assert(cell.includes("100_000"));
    const after = `const again = await mask.evaluateModel(model, images, split.validation, classes);
      const { valLoss, valAccuracy } = history;
      await mask.display(JSON.stringify({ valLoss, valAccuracy, bestEpoch, accuracy: again.evaluation.accuracy }));`;
    const child = new Deno.Command(PYTHON, {
      args: [join(import.meta.dirname!, "interrupt_cell.py"), join(folder, "notebooks")],
      env: { FACE_MASK_DATA: photos },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const input = JSON.stringify([before, cell, "Epoch 4 of at most", after]);
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const shown: Record<"interrupted" | "after", string[]> = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    assertMatch(shown.interrupted.at(-1)!, /^\d+ s; best epoch: \d+ of [45]$/);
    const left = JSON.parse(shown.after.at(-1)!);
    assertEquals(left.valLoss[left.bestEpoch - 1], Math.min(...left.valLoss));
    assertEquals(left.accuracy, left.valAccuracy[left.bestEpoch - 1]);
  });
});

Deno.test("the notebook is saved without outputs, in cells of at most ten lines", async () => {
  const { cells }: { cells: Cell[] } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "notebooks/FaceMask.ipynb")),
  );
  for (const { cell_type, source, outputs } of cells) {
    if (cell_type !== "code") continue;
    assertEquals(outputs, []);
    assert(textOf(source).trimEnd().split("\n").length <= 10, textOf(source));
  }
});
