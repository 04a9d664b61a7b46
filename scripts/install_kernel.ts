/** Installs the Deno kernel for the project's own Jupyter. */
import { dirname, join } from "node:path";
import { userCacheFolder } from "../lib/data/data_folder.ts";
import { writeWhole } from "../lib/files.ts";

/** The kernel's description for Jupyter; it uses the Deno that runs this script. */
const KERNEL = {
  argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
  display_name: "Deno",
  language: "typescript",
};

/**
 * Writes the kernel into Jupyter's environment. If this cannot be written, writes it into the user's cache
 * folder.
 *
 * @param folder Jupyter's virtual environment.
 * @returns the environment variables with which Jupyter finds the kernel
 */
export async function installKernel(folder: string): Promise<Record<string, string>> {
  const text = JSON.stringify(KERNEL, null, 2);
  const own = join(folder, "share/jupyter/kernels/deno/kernel.json");
  if (await Deno.readTextFile(own).catch(() => "") === text) return {};
  try {
    await writeWhole(own, text);
    return {};
  } catch {
    const users = join(userCacheFolder(), "jupyter/kernels/deno/kernel.json");
    await writeWhole(users, text);
    return { JUPYTER_PATH: join(dirname(users), "../..") };
  }
}
