/** Where downloads, unpacked zips and decoded photos lie: in the project, or in the user's folder for caches. */
import { isAbsolute, join } from "node:path";
import { mkdir } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { removeIfThere } from "../files.ts";

/** The project's own, where this file lies in a checkout of it. */
const PROJECT = import.meta.dirname?.includes("node_modules")
  ? undefined
  : import.meta.dirname && join(import.meta.dirname, "../../data");

/**
 * The folder in which this user's programs keep what they can make again: `$XDG_CACHE_HOME` or `~/.cache`,
 * `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows; of this project's, `face-mask` in it.
 *
 * @param env Reads an environment variable. @default Deno.env.get
 * @example
 * ```ts
 * import { userCacheFolder } from "./data_folder.ts";
 *
 * console.log(userCacheFolder()); // such as /home/ada/.cache/face-mask
 * ```
 */
export function userCacheFolder(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
  os: typeof Deno.build.os = Deno.build.os,
): string {
  const home = env("HOME") || env("USERPROFILE") || homedir();
  const named = env(os === "windows" ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
  const usual = {
    windows: join(home, "AppData/Local"),
    darwin: join(home, "Library/Caches"),
  } as Record<string, string>;
  // A relative path is to be ignored (XDG Base Directory Specification).
  const folder = os !== "darwin" && named && isAbsolute(named) ? named : usual[os];
  return join(folder ?? join(home || tmpdir(), ".cache"), "face-mask");
}

/**
 * Finds out whether files can be written in a folder, which need not exist, by writing one.
 *
 * @example
 * ```ts
 * import { canWrite } from "./data_folder.ts";
 *
 * console.log(await canWrite("/proc/self")); // false
 * ```
 */
export async function canWrite(folder: string): Promise<boolean> {
  try {
    const made = await mkdir(folder, { recursive: true });
    const probe = join(folder, ".writable"); // of one name: killed here, it does not pile up
    await Deno.writeTextFile(probe, "");
    await removeIfThere(probe);
    if (made !== undefined) await removeIfThere(made);
    return true;
  } catch {
    return false;
  }
}

let isProjectWritable: Promise<boolean> | undefined;

/**
 * Finds the folder of all data sets: `data/` of a checkout that can be written, else `data/` in
 * {@linkcode userCacheFolder}.
 *
 * @param name What will be read in it: where the checkout holds that, its `data/` is taken in any case.
 * @example
 * ```ts
 * import { findDataFolder } from "./data_folder.ts";
 *
 * console.log(await findDataFolder("omkargurav/face-mask-dataset"));
 * ```
 */
export async function findDataFolder(name?: string): Promise<string> {
  if (PROJECT !== undefined) {
    isProjectWritable ??= canWrite(PROJECT);
    if (await isProjectWritable) return PROJECT;
    const isThere = Deno.lstat(join(PROJECT, name ?? "")).then(() => true, () => false);
    if (name !== undefined && await isThere) return PROJECT;
  }
  return join(userCacheFolder(), "data");
}
