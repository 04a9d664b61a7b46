/** Finds a Python that is new enough, and makes environments of the project's own with it. */
import { basename, dirname, join } from "node:path";
import { removeIfThere } from "../lib/files.ts";
import type { OnProgress } from "../lib/types.ts";
import { runTied } from "./child.ts";
import { hashFile, hashText, readStamp } from "./stamp.ts";
import { lastLines, run } from "./terminal.ts";

/** Which Pythons will do: minor versions, both included. */
interface PythonRange {
  /** @default 10 */
  oldest?: number;
  /** @default any */
  newest?: number;
}

/** An environment of the project's own. */
export interface Environment extends PythonRange {
  /** What it is for, in messages. */
  what: string;
  /** Where the virtual environment goes. */
  folder: string;
  /** The file that pins its packages, with their hashes. */
  requirements: string;
  onProgress: OnProgress;
  /** Also checks what is in the files, which takes some seconds. */
  isThorough?: boolean;
}

/** What is installed, written last: without it nothing is. */
interface Stamp {
  /** SHA-256 of the file that pins the packages. */
  requirements: string;
  /** The Python's version, such as 3.12. */
  python: string;
  /** The folders that say what belongs to each package, in `site-packages`. */
  packages: string[];
}

const IS_WINDOWS = Deno.build.os === "windows";
const STAMP = "installed.json";
const PRINT_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])";
const pythonOf = (folder: string) => join(folder, IS_WINDOWS ? "Scripts/python.exe" : "bin/python");
const packagesOf = (folder: string, version: string) =>
  join(folder, IS_WINDOWS ? "Lib/site-packages" : `lib/python${version}/site-packages`);

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
 * Gives the Python of an environment that is there whole, and writes nothing: its packages are those that
 * `requirements` pins, their files are there and of their size, and the system's Python is still the same.
 *
 * @throws {Error} if a file cannot be read
 */
export async function findEnvironment(
  { folder, requirements, isThorough }: Pick<Environment, "folder" | "requirements" | "isThorough">,
): Promise<string | undefined> {
  const stamp = await readStamp<Stamp>(join(folder, STAMP));
  if (stamp?.requirements !== hashText(await Deno.readTextFile(requirements))) return undefined;
  const python = pythonOf(folder);
  const { stdout } = await run(python, ["-c", PRINT_VERSION]); // the system's Python may be gone
  if (stamp.python === undefined || stdout.trim() !== stamp.python) return undefined;
  const site = packagesOf(folder, stamp.python);
  for (const name of stamp.packages ?? []) {
    if (!await isPackageWhole(site, name, isThorough)) return undefined;
  }
  return python;
}

/** Compares a package's files with its `RECORD`: a line per file, with its digest and size. */
async function isPackageWhole(site: string, name: string, isThorough?: boolean): Promise<boolean> {
  const record = await Deno.readTextFile(join(site, name, "RECORD")).catch(() => "");
  if (record === "") return false;
  for (const line of record.trim().split(/\r?\n/)) {
    const [, path = "", digest, size] = /^"?(.*?)"?,(?:sha256=([\w-]+))?,(\d*)$/.exec(line) ?? [];
    if (!digest) continue; // such as what Python compiles
    const file = join(site, path);
    try {
      const isScript = /^(\.\.\/)+(bin|Scripts)\//.test(path); // names its Python, wherever that lies
      if (Deno.statSync(file).size !== Number(size) && !isScript) return false;
      if (isThorough && !isScript && await hashFile(file, "base64url") !== digest) return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
  return true;
}

/**
 * Makes a virtual environment with the packages that `requirements` pins, if it is not there whole. It is
 * made under another name and then renamed: a run that was interrupted is simply done again.
 *
 * @returns its Python
 * @throws {Error} if it cannot be installed; the message names what to do
 */
export async function installEnvironment(environment: Environment): Promise<string> {
  const { what, folder, requirements, onProgress } = environment;
  const found = await findEnvironment(environment);
  if (found !== undefined) return found;
  const [parent, prefix] = [dirname(folder), `${basename(folder)}-part-`];
  for await (const { name } of Deno.readDir(parent)) {
    // Of one that was killed; what its children still write there is removed by a later run.
    if (name.startsWith(prefix)) await removeIfThere(join(parent, name)).catch(() => {});
  }
  const part = await Deno.makeTempDir({ dir: parent, prefix });
  if (!IS_WINDOWS) await Deno.chmod(part, 0o777 & ~Deno.umask()); // others may use it too
  try {
    await createEnvironment(environment, part);
    await installPackages(pythonOf(part), requirements, `Installing ${what}`, onProgress);
    const python = (await run(pythonOf(part), ["-c", PRINT_VERSION])).stdout.trim();
    const names = await Array.fromAsync(Deno.readDir(packagesOf(part, python)), ({ name }) => name);
    const stamp: Stamp = {
      requirements: hashText(await Deno.readTextFile(requirements)),
      python,
      packages: names.filter((name) => name.endsWith(".dist-info")).sort(),
    };
    await renamePaths(part, folder);
    await Deno.writeTextFile(join(part, STAMP), JSON.stringify(stamp, null, 2));
    const old = `${part}-old`;
    await Deno.rename(folder, old).catch(() => {}); // there may be none
    await Deno.rename(part, folder);
    await removeIfThere(old);
  } finally {
    await removeIfThere(part);
  }
  return pythonOf(folder);
}

/** Lets the scripts of an environment know where it will lie. */
async function renamePaths(part: string, folder: string): Promise<void> {
  if (IS_WINDOWS) return; // they are programs there; ours are started by `python -m`
  const scripts = join(part, "bin");
  for await (const { name, isFile } of Deno.readDir(scripts)) {
    const file = join(scripts, name);
    if (!isFile || (await Deno.stat(file)).size > 2 ** 16) continue;
    const text = await Deno.readTextFile(file);
    if (text.includes(part)) await Deno.writeTextFile(file, text.replaceAll(part, folder));
  }
}

async function createEnvironment(
  { what, oldest = 10, newest }: Environment,
  folder: string,
): Promise<void> {
  const python = await findPython({ oldest, newest });
  if (!python) {
    throw new Error(
      `${what} needs Python 3.${oldest} ${newest ? `to 3.${newest}` : "or newer"}, and none was ` +
        "found: install it (Debian: python3, python3-venv), or name one in PYTHON",
    );
  }
  const complaint: string[] = [];
  const onLine = (line: string) => complaint.push(line);
  const created = await runTied(python, ["-m", "venv", folder], { onLine });
  if (!created.success) {
    throw new Error(
      `${python} could not make a virtual environment (on Debian: sudo apt install python3-venv):\n${
        lastLines(complaint.join("\n") + created.stderr)
      }`,
    );
  }
}

async function installPackages(
  python: string,
  requirements: string,
  stage: string,
  onProgress: OnProgress,
): Promise<void> {
  const total = (await Deno.readTextFile(requirements)).match(/^\w/gm)?.length ?? 0;
  let done = 0;
  const pip = await runTied(python, [
    ...["-m", "pip", "install", "--no-input", "--disable-pip-version-check"],
    ...["--require-hashes", "--only-binary=:all:", "--requirement", requirements],
  ], {
    onLine: (line) => {
      if (/^(Collecting|Requirement already satisfied)/.test(line)) done++;
      onProgress({ stage, done: Math.min(done, total - 1), total });
    },
  });
  if (!pip.success) {
    throw new Error(
      `${stage}: pip failed:\n${lastLines(pip.stderr)}\n${adviseOnPip(pip.stderr)}`,
    );
  }
  onProgress({ stage, done: total, total });
}

/** What to do about a complaint of pip's. */
export function adviseOnPip(complaint: string): string {
  return /CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError/.test(complaint)
    ? "A proxy may have a certificate of your company's: name its file (PEM) in the variable PIP_CERT, then run this again."
    : "Check the network and the disk, then run this again.";
}
