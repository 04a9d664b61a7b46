/** Installs what is missing: the native TensorFlow and a Jupyter with the Deno kernel. */
import { join } from "@std/path";
import { Command } from "commander";
import { installEngine } from "./install_engine.ts";
import { installJupyter } from "./install_jupyter.ts";
import { installEnvironment } from "./python.ts";
import { lastLines, progressLine, ROOT, run, runCommand } from "./terminal.ts";

const MODULES = join(ROOT, "node_modules");

/** Installs the native TensorFlow if it is missing, in this folder alone, and returns its version. */
export async function setUpEngine(): Promise<string> {
  using _lock = await takeTurns();
  return await installEngine({
    folder: await Deno.realPath(join(MODULES, "@tensorflow/tfjs-node")),
    headers: join(await Deno.realPath(join(MODULES, "node-api-headers")), "include"),
    onProgress: progressLine(),
  });
}

/** Installs Jupyter if it is missing, in this folder alone, and returns its Python. */
export async function setUpJupyter(): Promise<string> {
  using _lock = await takeTurns();
  return await installJupyter({
    folder: join(ROOT, ".venv"),
    requirements: join(ROOT, "scripts/requirements.txt"),
    onProgress: progressLine(),
  });
}

/** Installs the converter of `deno task export` if it is missing, in this folder alone, and returns its Python. */
export async function setUpConverter(): Promise<string> {
  using _lock = await takeTurns();
  return await installEnvironment({
    what: "the converter (1.7 GB)",
    folder: join(ROOT, ".venv-export"),
    requirements: join(ROOT, "scripts/export_requirements.txt"),
    // Those that its onnxruntime and TensorFlow are both built for.
    oldest: 11,
    newest: 13,
    onProgress: progressLine(),
  });
}

/** One set-up at a time; the system frees the lock of one that was killed. */
async function takeTurns(): Promise<Deno.FsFile> {
  const lock = await Deno.open(join(MODULES, ".setup.lock"), { create: true, write: true });
  await lock.lock(true);
  return lock;
}

if (import.meta.main) {
  const { registerKernel, quiet } = new Command("deno task setup")
    .description(
      "Installs what is missing: the native TensorFlow, and a Jupyter with the Deno kernel in .venv.",
    )
    .option(
      "--register-kernel",
      "also register the Deno kernel with your own Jupyter (`deno jupyter --install`)",
    )
    .option("--quiet", "say nothing if all is there")
    .parse(Deno.args, { from: "user" }).opts<{ registerKernel?: boolean; quiet?: boolean }>();
  await runCommand(async () => {
    const libtensorflow = await setUpEngine();
    await setUpJupyter();
    if (registerKernel) {
      await registerDenoKernel();
      console.log("the Deno kernel is registered with your own Jupyter");
    }
    if (quiet) return;
    console.log(`ready: TensorFlow ${libtensorflow} under tfjs-node, Jupyter in .venv`);
    if (!registerKernel) {
      console.log(
        "to use a Jupyter of your own, register the Deno kernel: deno task setup --register-kernel",
      );
    }
  });
}

/** Writes the kernel into the user's own Jupyter, when asked to. */
async function registerDenoKernel(): Promise<void> {
  const { success, stderr } = await run(Deno.execPath(), ["jupyter", "--install"]);
  if (!success) throw new Error(`\`deno jupyter --install\` failed:\n${lastLines(stderr)}`);
}
