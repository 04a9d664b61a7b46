/** Shows content while a cell runs, and updates it. */
import type { TopLevelSpec } from "vega-lite";
import type { Progress } from "../types.ts";
import { DISPLAY, type Displayable, showChart, showProgress } from "./show.ts";

/** An output of a cell that each update replaces. */
export interface LiveDisplay {
  /** Resolves when the notebook has received the update. */
  update(content: Displayable): Promise<void>;
}

/** Options of live output. */
export interface DisplayOptions {
  /**
   * Sends a message to the notebook. Outside Jupyter there is no default, and nothing is shown.
   * @default Deno.jupyter.broadcast
   */
  broadcast?: (type: string, content: Record<string, unknown>) => Promise<void>;
}

/**
 * Creates an output in the running cell that can be updated.
 *
 * @example
 * ```ts
 * import { createLiveDisplay, showProgress } from "./mod.ts";
 *
 * const live = createLiveDisplay();
 * for (let done = 0; done <= 3; done++) {
 *   await live.update(showProgress({ stage: "Counting", done, total: 3 }));
 * }
 * ```
 */
export function createLiveDisplay(
  { broadcast = kernelBroadcast() }: DisplayOptions = {},
): LiveDisplay {
  const transient = { display_id: crypto.randomUUID() };
  let type = "display_data";
  let latest = Promise.resolve();
  const send = async (content: Displayable) => {
    if (!broadcast) return;
    await broadcast(type, { data: await content[DISPLAY](), metadata: {}, transient });
    type = "update_display_data";
    // The kernel may report the end of the cell before this message, and nbconvert drops later messages: 4 of
    // 250 times without this wait, 0 of 250 with it.
    await new Promise((resume) => setTimeout(resume, 20));
  };
  return { update: (content) => latest = latest.catch(() => {}).then(() => send(content)) };
}

function kernelBroadcast() {
  try {
    return Deno.jupyter.broadcast;
  } catch {
    return undefined; // Deno.jupyter throws outside a kernel
  }
}

/**
 * Shows a text, a chart's specification, or the result of a `show…()` function.
 *
 * Await it: it is more reliable than the last value of a cell or `console.log`. Deno 2.9's kernel sometimes sends
 * those after it has reported the end of the cell, and nbconvert then drops them.
 *
 * @example
 * ```ts
 * import { display, showProgress } from "./mod.ts";
 *
 * await display("Half of it:");
 * await display(showProgress({ stage: "work", done: 1, total: 2 }));
 * ```
 */
export async function display(
  content: string | Displayable | TopLevelSpec,
  options?: DisplayOptions,
): Promise<void> {
  const displayable = typeof content === "string"
    ? { [DISPLAY]: () => ({ "text/plain": content }) }
    : DISPLAY in content
    ? content
    : showChart(content);
  await createLiveDisplay(options).update(displayable);
  // A message at the end of a cell can still arrive late.
  await new Promise((resume) => setTimeout(resume, 20));
}

/**
 * Creates a callback that shows progress: at the start and end of each stage, and every 200 ms.
 *
 * @example
 * ```ts
 * import { watchProgress } from "./mod.ts";
 *
 * const onProgress = watchProgress();
 * for (let done = 0; done <= 3; done++) await onProgress({ stage: "Counting", done, total: 3 });
 * ```
 */
export function watchProgress(
  options?: DisplayOptions,
): (progress: Progress) => Promise<void> {
  const live = createLiveDisplay(options);
  let stage: string | undefined, shownAt = 0;
  return async (progress) => {
    const now = performance.now();
    const isEdge = progress.stage !== stage || progress.done === progress.total;
    if (!isEdge && now - shownAt < 200) return;
    stage = progress.stage;
    shownAt = now;
    await live.update(showProgress(progress));
  };
}
