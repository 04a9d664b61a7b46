/** Writes files and folders atomically, locks work folders, and reads files safely. */
import { basename, dirname, join, resolve } from "node:path";
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import pMap from "npm:p-map@7.1.1";

/** How often a waiting process tries the lock. */
const POLL_MS = 50;
/** Files that are synchronised at the same time: one by one takes seven times as long. */
const SYNCS_AT_ONCE = 16;
/** File names have at most 255 bytes: a temporary name keeps this many characters of the original. */
const NAME_END = 40;
/** Error codes of file systems that cannot synchronise. */
const NO_SYNC = ["EINVAL", "ENOSYS", "ENOTSUP"];

/**
 * Writes a file under a temporary name beside it, synchronises it with the disk, and renames it. If the
 * process is killed, the old file or the new one remains, complete. Symbolic links and permissions are kept.
 *
 * @param content Bytes, text, or a function that writes the file under the temporary name.
 * @throws what `content` throws
 * @throws {Error} if the disk is full, with the system's error as the cause
 * @example
 * ```ts
 * import { writeWhole } from "./files.ts";
 *
 * const file = `${Deno.makeTempDirSync()}/new/notes.txt`;
 * await writeWhole(file, "one");
 * await writeWhole(file, (temporary) => Deno.writeTextFile(temporary, "two"));
 * console.log(await Deno.readTextFile(file)); // two
 * ```
 */
export async function writeWhole(
  file: string,
  content: Uint8Array | string | ((temporary: string) => Promise<unknown>),
): Promise<void> {
  const target = await followLink(file);
  const name = `.${crypto.randomUUID().slice(0, 8)}-${basename(target).slice(-NAME_END)}`;
  const temporary = join(dirname(target), name);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(temporary, content);
    else if (content instanceof Uint8Array) await Deno.writeFile(temporary, content);
    else await content(temporary);
    await syncFile(temporary);
    const old = await Deno.stat(target).catch(() => undefined);
    if (old?.mode) await Deno.chmod(temporary, old.mode & 0o777);
    await Deno.rename(temporary, target);
  } catch (error) {
    await removeIfThere(temporary);
    throw explainFullDisk(error, target);
  }
}

/**
 * Fills a folder under a temporary name beside it, synchronises it with the disk, and renames it. An existing
 * folder is replaced. Other callers with the same folder wait, in this process or another. Symbolic links are
 * kept.
 *
 * @param fill Gets the temporary folder, which is empty. Its parent folder may hold temporary files.
 * @returns the result of `fill`; `undefined` if `isDone` returned true
 * @throws {Deno.errors.NotADirectory} if a file has the folder's name
 * @throws what `fill` throws
 * @throws {Error} if the disk is full, with the system's error as the cause
 * @example
 * ```ts
 * import { writeWholeFolder } from "./files.ts";
 *
 * const folder = `${Deno.makeTempDirSync()}/notes`;
 * await writeWholeFolder(folder, (temporary) => Deno.writeTextFile(`${temporary}/1.txt`, "one"));
 * console.log(await Deno.readTextFile(`${folder}/1.txt`)); // one
 * ```
 */
export async function writeWholeFolder<T>(
  folder: string,
  fill: (temporary: string) => Promise<T>,
  { isDone, ...options }: {
    /** Called after waiting: another caller may have filled the folder meanwhile. */
    isDone?: () => Promise<boolean>;
    /** Ends the waiting. */
    signal?: AbortSignal;
    /** Called once, if another process works on the folder. */
    onWait?: () => void;
  } = {},
): Promise<T | undefined> {
  const target = await followLink(resolve(folder));
  const work = join(dirname(target), `.${basename(target)}-part`);
  const [made, old] = [join(work, "made"), join(work, "old")];
  return await withWorkFolder(work, async () => {
    // If a process was killed between the two renames below, only the old folder exists.
    await Deno.rename(old, target).catch(() => {});
    for (const rest of [made, old]) await removeIfThere(rest);
    if (await isDone?.()) return;
    await Deno.mkdir(made);
    const result = await fill(made);
    await syncFolder(made);
    if (await moveAside(target, old)) {
      await Deno.rename(made, target).catch(async (error) => {
        await Deno.rename(old, target);
        throw error;
      });
    } else await Deno.rename(made, target);
    return result;
  }, options);
}

/** Moves a folder out of the way; returns whether there was one. */
async function moveAside(folder: string, aside: string): Promise<boolean> {
  const info = await Deno.lstat(folder).catch(() => undefined);
  if (info && !info.isDirectory) throw new Deno.errors.NotADirectory(`${folder} is not a folder`);
  if (info) await Deno.rename(folder, aside);
  return info !== undefined;
}

/** Resolves a symbolic link; other paths stay as they are. */
async function followLink(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

async function syncFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sync = ({ parentPath, name }: typeof files[number]) => syncFile(join(parentPath, name));
  await pMap(files, sync, { concurrency: SYNCS_AT_ONCE });
}

async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: Deno.build.os === "windows" });
  await file.syncData().catch((error) => {
    if (!NO_SYNC.includes(error.code)) throw error;
  });
}

function explainFullDisk(error: unknown, path: string): unknown {
  if ((error as { code?: string }).code !== "ENOSPC") return error;
  const folder = dirname(path);
  return new Error(`the disk of ${folder} is full: make room on it, or choose another folder`, {
    cause: error,
  });
}

/**
 * Runs `work`, which may fill `folder`, then removes the folder, also after an error. Other callers with the
 * same folder wait, in this process or another. The operating system holds the lock, on the file
 * `<folder>.lock`, and releases it even if the process is killed. The next process can use or remove the
 * remains of a killed one.
 *
 * @param folder Is created if necessary, with its parents.
 * @returns the result of `work`
 * @throws what `work` throws
 * @throws {Error} if the disk is full, with the system's error as the cause
 * @example
 * ```ts
 * import { withWorkFolder } from "./files.ts";
 *
 * const folder = `${Deno.makeTempDirSync()}/work`;
 * console.log(await withWorkFolder(folder, async () => (await Deno.stat(folder)).isDirectory));
 * ```
 */
export async function withWorkFolder<T>(
  folder: string,
  work: () => Promise<T>,
  { signal, onWait }: {
    /** Ends the waiting. */
    signal?: AbortSignal;
    /** Called once, if another process works on the folder. */
    onWait?: () => void;
  } = {},
): Promise<T> {
  const lockFile = `${folder}.lock`;
  try {
    await Deno.mkdir(dirname(folder), { recursive: true });
    for (let first = true;; first = false) {
      signal?.throwIfAborted();
      using lock = await Deno.open(lockFile, { create: true, write: true });
      if (await lock.tryLock(true) && await isAt(lock, lockFile)) {
        try {
          await Deno.mkdir(folder, { recursive: true });
          return await work();
        } finally {
          await removeIfThere(folder);
          await Deno.remove(lockFile);
        }
      }
      if (first) onWait?.();
      await delay(POLL_MS, undefined, { signal }).catch(() => {}); // an abort is thrown at the top
    }
  } catch (error) {
    throw explainFullDisk(error, folder);
  }
}

/** Checks that the open file is still the one at that path: the previous process removes it at its end. */
async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const { ino } = await file.stat();
  return await Deno.stat(path).then((info) => info.ino === ino, () => false);
}

/**
 * Removes a file or a whole folder, if it exists.
 *
 * @example
 * ```ts
 * import { removeIfThere } from "./files.ts";
 *
 * await removeIfThere("no/such/file");
 * ```
 */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Reads a file from an untrusted source. Pipes, devices and too large files are not opened.
 *
 * @throws {Deno.errors.InvalidData} if it is not a regular file, or has more than `maxBytes`
 * @throws {Deno.errors.NotFound} if there is no such file
 * @example
 * ```ts
 * import { readRegularFile } from "./files.ts";
 *
 * const bytes = await readRegularFile("deno.json", 2 ** 20);
 * console.log(new TextDecoder().decode(bytes).length);
 * ```
 */
export async function readRegularFile(
  file: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { isFile, size } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData(`${file} is not a regular file`);
  if (size > maxBytes) {
    throw new Deno.errors.InvalidData(`${file} must have at most ${maxBytes} bytes, got ${size}`);
  }
  return await Deno.readFile(file);
}
