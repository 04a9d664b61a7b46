/** A Jupyter of the project's own, in `.venv`, with the Deno kernel in it. */
import { join } from "@std/path";
import type { OnProgress } from "../lib/types.ts";
import { installEnvironment } from "./python.ts";

/** The kernel as Jupyter reads it; the kernel runs on the Deno that ran set-up. */
const kernelSpec = () =>
  JSON.stringify(
    {
      argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
      display_name: "Deno",
      language: "typescript",
    },
    null,
    2,
  );

/**
 * Installs Jupyter from the pinned `requirements.txt` if it is not there whole.
 *
 * @param folder Where the virtual environment goes.
 * @returns its Python
 * @throws {Error} if it cannot be installed; the message names what to do
 */
export async function installJupyter(
  options: { folder: string; requirements: string; onProgress: OnProgress },
): Promise<string> {
  const python = await installEnvironment({ what: "Jupyter", ...options });
  const kernel = join(options.folder, "share/jupyter/kernels/deno");
  await Deno.mkdir(kernel, { recursive: true });
  await Deno.writeTextFile(join(kernel, "kernel.json"), kernelSpec());
  return python;
}
