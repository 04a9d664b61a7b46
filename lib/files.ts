/** A temporary folder that one process at a time works in, and that does not outlive the work. */
import { dirname } from "@std/path";
import { setTimeout as delay } from "node:timers/promises";

/** How often a process that waits looks whether its turn has come. */
const POLL_MS = 50;

/**
 * Runs `work`, which may fill `folder`, while other callers with the same folder wait, in this process or
 * another; then removes the folder, whatever happened. The operating system holds the lock, on the file
 * `<folder>.lock`, and frees it even if the process is killed: what such a process left in the folder is
 * there for the next one to use or to remove.
 *
 * @param folder Need not exist; its parent is made.
 * @returns what `work` resolves to
 * @throws what `work` throws; a full disk is told in plain words, with the system's error as the cause
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
    /** Called once, if another process is at work. */
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
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
    const reason = `the disk of ${
      dirname(folder)
    } is full: make room on it, or choose another folder`;
    throw new Error(reason, { cause: error });
  }
}

/** Whether the open file is still the one at that path: the process before us removes it at its end. */
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
