/**
 * Runs a command in a limited process. The process can read and write the paths that its arguments name,
 * and listen on loopback if the command needs it. It reaches no other host and starts no program.
 *
 * The native library and the image decoder are add-ons. With `--allow-ffi` they can do what the user may do.
 * All environment variables can be read, because TensorFlow and sharp read many.
 */
import { dirname, resolve } from "node:path";
import { findDataFolder, userCacheFolder } from "../lib/data/data_folder.ts";
import { ROOT, runInForeground } from "./terminal.ts";

/** The permissions of a command, in addition to reading the project and its data. */
export interface Grant {
  /** Paths in the user's form. */
  read?: string[];
  /** Folders that are made or filled. */
  write?: string[];
  /** Files that are made: their temporary names lie beside them, so their folders are granted. */
  writeFiles?: string[];
  /** Whether the folders of downloads, unpacked zips and decoded photos may be written. */
  data?: boolean;
  /** Listen on loopback. */
  listen?: boolean;
}

/** The environment variable that is set in the limited process. */
const MARK = "FACE_MASK_LIMITED";

/** Lists Deno's flags for these permissions. */
export async function listFlags(
  { read = [], write = [], writeFiles = [], data, listen }: Grant,
): Promise<string[]> {
  const folders = [await findDataFolder(), userCacheFolder()];
  const made = [...write, ...writeFiles.map((file) => dirname(resolve(file)))];
  const writable = [...await Promise.all(made.map(findFirstMade)), ...(data ? folders : [])];
  const list = (paths: string[]) => paths.map((path) => grantable(resolve(path))).join(",");
  return [
    "--no-prompt",
    `--allow-read=${list([ROOT, ...folders, ...read, ...writable])}`,
    ...(writable.length > 0 ? [`--allow-write=${list(writable)}`] : []),
    ...(listen ? ["--allow-net=127.0.0.1"] : []),
    "--allow-env",
    "--allow-sys",
    "--allow-ffi",
  ];
}

/** The folder itself, or the one above it that must be made first. */
async function findFirstMade(folder: string): Promise<string> {
  const parent = dirname(resolve(folder));
  const isThere = await Deno.stat(parent).then(() => true, () => false);
  return isThere ? folder : await findFirstMade(parent);
}

/** Deno splits a list of paths at commas and has no way to write one: the folder above it is granted. */
function grantable(path: string): string {
  return path.includes(",") ? grantable(dirname(path)) : path;
}

/** Returns the folder before the first pattern character of a path. */
export function fixedPart(path: string): string {
  const parts = path.split("/");
  const magic = parts.findIndex((part) => /[*?[{]/.test(part));
  return magic < 0 ? path : parts.slice(0, magic).join("/") || (path.startsWith("/") ? "/" : ".");
}

/**
 * Runs this command again in a limited process, waits for it, and uses its exit status.
 *
 * @returns false in the limited process itself, which does the work
 */
export async function runLimited(grant: Grant): Promise<boolean> {
  if (Deno.env.get(MARK)) {
    endWithParent();
    return false;
  }
  const args = ["run", ...await listFlags(grant), Deno.mainModule, ...Deno.args];
  const env = { [MARK]: "1", INIT_CWD: "" };
  Deno.exitCode = await runInForeground(Deno.execPath(), args, { env, passesInterrupt: true });
  return true;
}

/** Ends this process when the one that started it was killed: another run may begin its work again. */
function endWithParent(): void {
  const parent = Deno.ppid;
  Deno.unrefTimer(setInterval(() => Deno.ppid === parent || Deno.exit(137), 100));
}
