/** Interrupting a cell: Jupyter's ■ sends SIGINT, which ends Deno's kernel unless somebody listens. */

let current: AbortController | undefined;

/**
 * Keeps the kernel and its variables when a cell is interrupted, from the first call on. Outside a kernel
 * nothing is listened to, and Ctrl-C ends the program as ever.
 *
 * Source: https://github.com/denoland/deno/issues/24491
 *
 * @returns a signal that the next interrupt aborts, if it is the newest one
 * @example
 * ```ts
 * import { listenForInterrupts } from "./mod.ts";
 *
 * console.log(listenForInterrupts().aborted); // false
 * ```
 */
export function listenForInterrupts(): AbortSignal {
  if (!current && isKernel()) Deno.addSignalListener("SIGINT", () => current!.abort());
  current = new AbortController();
  return current.signal;
}

function isKernel(): boolean {
  try {
    return Deno.jupyter !== undefined;
  } catch {
    return false; // Deno.jupyter throws where there is no kernel
  }
}
