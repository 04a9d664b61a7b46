/** A Jupyter of the project's own, in `.venv`, with the Deno kernel in it. */
import { join } from "@std/path";
import type { OnProgress } from "../lib/types.ts";
import { findPython } from "./python.ts";
import { lastLines, run } from "./terminal.ts";

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
 * Installs Jupyter from the pinned `requirements.txt` if it is not there whole. The stamp is written
 * last, so that an interrupted run is simply done again.
 *
 * @param folder Where the virtual environment goes.
 * @returns its Python
 * @throws {Error} if it cannot be installed; the message names what to do
 */
export async function installJupyter(
  { folder, requirements, onProgress }: {
    folder: string;
    requirements: string;
    onProgress: OnProgress;
  },
): Promise<string> {
  const python = join(folder, Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python");
  const stampFile = join(folder, "installed.txt");
  const pins = await Deno.readTextFile(requirements);
  // An environment knows its own path, so one that was moved is made again.
  const stamp = `${folder}\n${pins}`;
  const isWhole = await Deno.readTextFile(stampFile).catch(() => "") === stamp &&
    (await run(python, ["-c", ""])).success; // the system's Python may be gone
  if (!isWhole) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await createEnvironment(folder);
    await installPackages(python, requirements, pins, onProgress);
    await Deno.writeTextFile(stampFile, stamp);
  }
  const kernel = join(folder, "share/jupyter/kernels/deno");
  await Deno.mkdir(kernel, { recursive: true });
  await Deno.writeTextFile(join(kernel, "kernel.json"), kernelSpec());
  return python;
}

async function createEnvironment(folder: string): Promise<void> {
  const python = await findPython();
  if (!python) {
    throw new Error(
      "Jupyter needs Python 3.10 or newer, and none was found: install it (Debian: python3, python3-venv)",
    );
  }
  const created = await run(python, ["-m", "venv", folder]);
  if (!created.success) {
    throw new Error(
      `${python} could not make a virtual environment (on Debian: sudo apt install python3-venv):\n${
        lastLines(created.stdout + created.stderr)
      }`,
    );
  }
}

async function installPackages(
  python: string,
  requirements: string,
  pins: string,
  onProgress: OnProgress,
): Promise<void> {
  const total = pins.trim().split("\n").length;
  let done = 0;
  const pip = new Deno.Command(python, {
    args: [
      "-m",
      "pip",
      "install",
      "--no-input",
      "--disable-pip-version-check",
      "--requirement",
      requirements,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaint = new Response(pip.stderr).text();
  for await (const line of pip.stdout.pipeThrough(new TextDecoderStream())) {
    done += line.match(/^(Collecting|Requirement already satisfied)/gm)?.length ?? 0;
    onProgress({ stage: "installing Jupyter", done: Math.min(done, total - 1), total });
  }
  if (!(await pip.status).success) {
    throw new Error(
      `pip could not install Jupyter:\n${
        lastLines(await complaint)
      }\nCheck the network and the disk, then run this again.`,
    );
  }
  onProgress({ stage: "installing Jupyter", done: total, total });
}
