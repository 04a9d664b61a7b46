/** `deno task start`: sets up, runs the whole notebook in the Deno kernel, and prints the results. */
import { join } from "node:path";
import { Command } from "commander";
import { canWrite, userCacheFolder } from "../lib/data/data_folder.ts";
import { setUpEngine, setUpJupyter } from "./setup.ts";
import { kernelEnvironment, ROOT, runCommand, runInForeground } from "./terminal.ts";

interface Notebook {
  cells: { outputs?: { data?: Record<string, unknown> }[] }[];
}

new Command("deno task start")
  .description(
    "Installs what is missing and runs notebooks/FaceMask.ipynb. Writes the notebook, and a page of all its " +
      "charts, to notebooks/out. To use your own photos, set FACE_MASK_DATA to a folder or a zip.",
  )
  .parse(Deno.args, { from: "user" });

await runCommand(async () => {
  const libtensorflow = await setUpEngine();
  const { python, env } = await setUpJupyter();
  console.error(`TensorFlow ${libtensorflow}, Deno ${Deno.version.deno}`);
  const usual = join(ROOT, "notebooks/out");
  const out = await canWrite(usual) ? usual : join(userCacheFolder(), "notebooks");
  const code = await runInForeground(
    python,
    [join(ROOT, "scripts/run_notebook.py"), join(ROOT, "notebooks/FaceMask.ipynb"), out],
    { env: { ...env, ...kernelEnvironment() }, stdin: "null" },
  );
  if (code === 130) Deno.exit(code); // Ctrl-C
  if (code !== 0) throw new Error("the notebook did not run to its end");

  const { EVALUATION_TYPE } = await import("../lib/charts/report.ts");
  const notebook: Notebook = JSON.parse(await Deno.readTextFile(join(out, "FaceMask.ipynb")));
  const outputs = notebook.cells.flatMap((cell) => cell.outputs ?? []);
  for (const { data } of outputs.filter((output) => output.data?.[EVALUATION_TYPE])) {
    console.log(`\n${[data!["text/plain"]].flat().join("")}`);
  }
  console.log(`\npage      ${join(out, "FaceMask.html")}`);
});
