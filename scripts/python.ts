/** Finds a Python that is new enough, and makes environments of the project's own with it. */
import { join } from "@std/path";
import type { OnProgress } from "../lib/types.ts";
import { lastLines, run } from "./terminal.ts";

/** Which Pythons will do: minor versions, both included. */
interface PythonRange {
  /** @default 10 */
  oldest?: number;
  /** @default any */
  newest?: number;
}

/** The first of `python3`, `python` and `py` that is a Python 3 in that range. PYTHON in the environment wins. */
export async function findPython(
  { oldest = 10, newest = 99 }: PythonRange = {},
): Promise<string | undefined> {
  const test = `import sys; sys.exit(not (3, ${oldest}) <= sys.version_info[:2] <= (3, ${newest}))`;
  for (const python of [Deno.env.get("PYTHON"), "python3", "python", "py"]) {
    if (python && (await run(python, ["-c", test])).success) return python;
  }
  return undefined;
}

/**
 * Makes a virtual environment with the packages that `requirements` pins, if it is not there whole. The
 * stamp is written last, so that an interrupted run is simply done again.
 *
 * @param what What it is for, in messages.
 * @param folder Where the virtual environment goes.
 * @returns its Python
 * @throws {Error} if it cannot be installed; the message names what to do
 */
export async function installEnvironment(
  { what, folder, requirements, onProgress, ...range }: PythonRange & {
    what: string;
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
  if (isWhole) return python;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await createEnvironment(what, folder, range);
  const total = pins.match(/^\w/gm)?.length ?? 0;
  await installPackages(python, requirements, { stage: `Installing ${what}`, total, onProgress });
  await Deno.writeTextFile(stampFile, stamp);
  return python;
}

async function createEnvironment(what: string, folder: string, range: PythonRange): Promise<void> {
  const python = await findPython(range);
  if (!python) {
    const { oldest = 10, newest } = range;
    throw new Error(
      `${what} needs Python 3.${oldest} ${newest ? `to 3.${newest}` : "or newer"}, and none was ` +
        "found: install it (Debian: python3, python3-venv), or name one in PYTHON",
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
  { stage, total, onProgress }: { stage: string; total: number; onProgress: OnProgress },
): Promise<void> {
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
    onProgress({ stage, done: Math.min(done, total - 1), total });
  }
  if (!(await pip.status).success) {
    throw new Error(
      `${stage}: pip failed:\n${
        lastLines(await complaint)
      }\nCheck the network and the disk, then run this again.`,
    );
  }
  onProgress({ stage, done: total, total });
}
