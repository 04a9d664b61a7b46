/** `deno task notebook`: the notebook in the project's own Jupyter; further arguments go to Jupyter. */
import { join, resolve } from "@std/path";
import { setUpEngine, setUpJupyter } from "./setup.ts";
import { ROOT, runCommand } from "./terminal.ts";

await runCommand(async () => {
  await setUpEngine();
  const python = await setUpJupyter();
  const own = Deno.env.get("FACE_MASK_DATA");
  const notebook = join(ROOT, "notebooks/FaceMask.ipynb");
  const { code } = await new Deno.Command(python, {
    args: ["-m", "notebook", notebook, ...Deno.args],
    env: own ? { FACE_MASK_DATA: resolve(own) } : {}, // the kernel runs in another folder
  })
    .spawn().status;
  Deno.exitCode = code;
});
