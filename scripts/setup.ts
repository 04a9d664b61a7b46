/** Installs what is missing: the native TensorFlow and a Jupyter with the Deno kernel. */
import { join } from "node:path";
import { Command } from "commander";
import { findEngine, installEngine } from "./install_engine.ts";
import { installKernel } from "./install_kernel.ts";
import { type Environment, findEnvironment, installEnvironment } from "./python.ts";
import { lastLines, progressLine, ROOT, run, runCommand } from "./terminal.ts";

const MODULES = join(ROOT, "node_modules");

/** Installs the native TensorFlow in this folder if it is missing; returns its version. */
export async function setUpEngine(options: { isThorough?: boolean } = {}): Promise<string> {
  const places = {
    folder: await Deno.realPath(join(MODULES, "@tensorflow/tfjs-node")),
    headers: join(await Deno.realPath(join(MODULES, "node-api-headers")), "include"),
  };
  const found = await findEngine(places, options);
  if (found === undefined || options.isThorough) await letOthersRead(MODULES);
  return found ?? await inTurn(
    "the native TensorFlow",
    () => installEngine({ ...places, ...options, onProgress: progressLine() }),
  );
}

/** Installs Jupyter in this folder if it is missing; returns its Python and the environment variables for it. */
export async function setUpJupyter(
  options: { isThorough?: boolean } = {},
): Promise<{ python: string; env: Record<string, string> }> {
  const folder = join(ROOT, ".venv");
  const python = await setUpEnvironment({
    what: "Jupyter",
    folder,
    requirements: join(ROOT, "scripts/requirements.txt"),
    onProgress: progressLine(),
    ...options,
  });
  return { python, env: await installKernel(folder) };
}

/** Installs the converter of `deno task export` in this folder if it is missing; returns its Python. */
export async function setUpConverter(): Promise<string> {
  return await setUpEnvironment({
    what: "the converter (1.7 GB)",
    folder: join(ROOT, ".venv-export"),
    requirements: join(ROOT, "scripts/export_requirements.txt"),
    // Both onnxruntime and TensorFlow are built for these versions.
    oldest: 11,
    newest: 13,
    onProgress: progressLine(),
  });
}

async function setUpEnvironment(environment: Environment): Promise<string> {
  return await findEnvironment(environment) ??
    await inTurn(environment.what, () => installEnvironment(environment));
}

/** Makes a package's files readable as the umask allows: some packages restrict theirs to the owner. */
async function letOthersRead(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (!isDirectory && !isFile) continue; // a link
    const path = join(folder, name);
    const mode = (await Deno.stat(path)).mode! & 0o777;
    const wanted = mode | ((isDirectory ? 0o555 : 0o444) & ~Deno.umask());
    if (mode !== wanted) await Deno.chmod(path, wanted).catch(() => {}); // it has another owner
    if (isDirectory) await letOthersRead(path);
  }
}

/** Runs one set-up at a time; the system frees the lock of a killed process. */
async function inTurn<T>(what: string, install: () => Promise<T>): Promise<T> {
  const file = join(MODULES, ".setup.lock");
  const options = { create: true, read: true, write: true };
  using lock = await Deno.open(file, options).catch((cause) => {
    throw new Error(
      `${what} is missing or incomplete, and ${MODULES} cannot be written (${cause.message}): ` +
        "run `deno task setup` as a user who can",
      { cause },
    );
  });
  if (!await lock.tryLock(true)) {
    console.error(`Waiting for another set-up (process ${await Deno.readTextFile(file)})`);
    await lock.lock(true);
  }
  await lock.truncate();
  await lock.write(new TextEncoder().encode(String(Deno.pid)));
  return await install();
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
    .option("--quiet", "print nothing if all is installed")
    .parse(Deno.args, { from: "user" }).opts<{ registerKernel?: boolean; quiet?: boolean }>();
  await runCommand(async () => {
    const libtensorflow = await setUpEngine({ isThorough: !quiet });
    if (!quiet) await tryEngine();
    await setUpJupyter({ isThorough: !quiet });
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

/** Registers the Deno kernel with the user's own Jupyter. */
async function registerDenoKernel(): Promise<void> {
  const { success, stderr } = await run(Deno.execPath(), ["jupyter", "--install"]);
  if (!success) throw new Error(`\`deno jupyter --install\` failed:\n${lastLines(stderr)}`);
}

/**
 * Loads the native TensorFlow in a process of its own: what is whole need not fit this machine.
 *
 * @throws {Error} saying what the system says
 */
async function tryEngine(): Promise<void> {
  const { success, stderr } = await run(Deno.execPath(), [
    ...["run", "--quiet", "-A", "--no-check", join(ROOT, "lib/engine/tensorflow.ts")],
  ]);
  if (success) return;
  // deno-lint-ignore no-control-regex
  const text = stderr.replace(/\x1b\[\d*(;\d+)*m/g, "");
  const reason = /(?:cause\]: |Caused by: )\w*:? ?(.*)/.exec(text)?.[1] ?? lastLines(text, 3);
  throw new Error(
    `TensorFlow's native library is installed whole, but does not load on this machine: ${reason}`,
  );
}
