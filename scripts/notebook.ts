/** `deno task notebook`: opens the notebook in the project's own Jupyter; passes further arguments to Jupyter. */
import { join } from "node:path";
import { setUpEngine, setUpJupyter } from "./setup.ts";
import { kernelEnvironment, ROOT, runCommand, runInForeground } from "./terminal.ts";

await runCommand(async () => {
  await setUpEngine();
  const { python, env } = await setUpJupyter();
  const notebook = join(ROOT, "notebooks/FaceMask.ipynb");
  Deno.exitCode = await runInForeground(
    python,
    ["-m", "notebook", notebook, ...Deno.args],
    { env: { ...env, ...kernelEnvironment() } },
  );
});
