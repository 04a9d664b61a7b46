/** `deno task notebook`: the notebook in the project's own Jupyter; further arguments go to Jupyter. */
import { join } from "@std/path";
import { setUpEngine, setUpJupyter } from "./setup.ts";
import { kernelEnvironment, ROOT, runCommand } from "./terminal.ts";

await runCommand(async () => {
  await setUpEngine();
  const python = await setUpJupyter();
  const notebook = join(ROOT, "notebooks/FaceMask.ipynb");
  const { code } = await new Deno.Command(python, {
    args: ["-m", "notebook", notebook, ...Deno.args],
    env: kernelEnvironment(),
  })
    .spawn().status;
  Deno.exitCode = code;
});
