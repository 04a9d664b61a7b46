/** Handles interrupts of a cell: Jupyter's ■ sends SIGINT, which ends Deno's kernel without a listener. */

let current: AbortController | undefined;

/**
 * Keeps the kernel and its variables when a cell is interrupted, after the first call. Outside a kernel it does
 * nothing, and Ctrl-C ends the program as usual.
 *
 * Source: https://github.com/denoland/deno/issues/24491
 *
 * @returns a signal that the next interrupt aborts, unless a later call has replaced it
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
    return false; // Deno.jupyter throws outside a kernel
  }
}
