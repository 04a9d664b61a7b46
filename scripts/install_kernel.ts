/** The Deno kernel, as the project's own Jupyter finds it. */
import { dirname, join } from "node:path";
import { userCacheFolder } from "../lib/data/data_folder.ts";
import { writeWhole } from "../lib/files.ts";

/** The kernel as Jupyter reads it; it runs on the Deno that runs this. */
const KERNEL = {
  argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
  display_name: "Deno",
  language: "typescript",
};

/**
 * Writes the kernel into Jupyter's environment or, where that cannot be written, into the user's folder for
 * caches.
 *
 * @param folder Jupyter's virtual environment.
 * @returns the variables with which Jupyter finds it
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
