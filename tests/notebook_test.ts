import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
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
  cell_type: string;
  source: string | string[];
  outputs: Output[];
}

const textOf = (value: unknown) => [value].flat().join("");

/** A copy of the project by links, so that what the notebook saves does not meet what the user has there. */
async function linkProject(folder: string): Promise<string> {
  for (const name of ["models", "notebooks"]) await Deno.mkdir(join(folder, name));
  const shared = ["deno.json", "deno.lock", "lib", "models/face-mask", "models/second_look"];
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

Deno.test("the notebook runs in the real kernel and shows every chart and the accuracy", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeSampleFaces(photos, { count: 60, seed: 11 });
    const notebook = await linkProject(folder);
    const out = join(folder, "out");
    const cells = await runNotebook(notebook, photos, out);
    const code_cells = cells.filter((cell) => cell.cell_type === "code");
    const outputs = code_cells.flatMap((cell) => cell.outputs);
    assertEquals(outputs.filter((output) => output.output_type === "error"), []);
    for (const cell of code_cells) {
      assert(cell.outputs.length > 0, `nothing shown by ${textOf(cell.source)}`);
    }

    const charts = outputs.filter((output) => output.data?.["image/svg+xml"]);
    assertEquals(charts.length, 10);
    for (const chart of charts) {
      assertMatch(textOf(chart.data!["image/svg+xml"]), /<svg[^]*<\/svg>/);
      assertStringIncludes(textOf(chart.data!["text/plain"]), "say nothing about real photos");
    }
    const shown = outputs.find((output) => output.data?.[EVALUATION_TYPE])!.data!;
    const { n, accuracy } = shown[EVALUATION_TYPE] as { n: number; accuracy: number };
    assertEquals(n, 9); // 15% of 60
    assertMatch(
      textOf(shown["text/plain"]),
      new RegExp(`accuracy  ${accuracy.toFixed(4)} \\(n = ${n}, 95% interval`),
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

Deno.test("the notebook takes faces with boxes, and three classes, by one value each", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, "photos");
    await Deno.mkdir(photos);
    await writeVoc(photos, 8);
    const notebook = await linkProject(folder);
    const text = await Deno.readTextFile(notebook);
    const [two, three] = ['mask.Task = \\"binary\\"', 'mask.Task = \\"three-class\\"'];
    assertEquals(text.split(two).length, 2);
    await Deno.writeTextFile(notebook, text.replace(two, three));
    const cells = await runNotebook(notebook, photos, join(folder, "out"));
    const shown = cells.flatMap(({ outputs = [] }) => outputs)
      .find((output) => output.data?.[EVALUATION_TYPE])!.data![EVALUATION_TYPE];
    assertEquals((shown as { classes: unknown }).classes, CLASSES["three-class"]);
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
