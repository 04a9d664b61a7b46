/** What is shown while a cell runs, and is replaced as its work goes on. */
import type { TopLevelSpec } from "vega-lite";
import type { Progress } from "../types.ts";
import { DISPLAY, type Displayable, showChart, showProgress } from "./show.ts";

/** A place in a cell's output where each update replaces the one before. */
export interface LiveDisplay {
  /** Resolves once the notebook has been told. */
  update(content: Displayable): Promise<void>;
}

/** Options of what shows things while a cell runs. */
export interface DisplayOptions {
  /**
   * Sends a message to the notebook. Outside Jupyter there is none, and nothing is shown.
   * @default Deno.jupyter.broadcast
   */
  broadcast?: (type: string, content: Record<string, unknown>) => Promise<void>;
}

/**
 * Makes a place in the output of the cell that runs.
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
    // The kernel may say that the cell is done before it passes the message on, and nbconvert drops
    // what comes later: 4 of 250 times without this wait, 0 of 250 with it.
    await new Promise((resume) => setTimeout(resume, 20));
  };
  return { update: (content) => latest = latest.catch(() => {}).then(() => send(content)) };
}

function kernelBroadcast() {
  try {
    return Deno.jupyter.broadcast;
  } catch {
    return undefined; // Deno.jupyter throws where there is no kernel
  }
}

/**
 * Shows something at once: a text, a chart's specification, or what a `show…()` function gives.
 *
 * Awaited, it is surer than the last value of a cell or `console.log`: Deno 2.9's kernel sends those at
 * times after it has said that the cell is done, and nbconvert drops them then.
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
  // What is sent in the last moment of a cell can still come late.
  await new Promise((resume) => setTimeout(resume, 20));
}

/**
 * Gives a callback that shows progress: where a stage begins or ends, and every 200 ms.
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
