/// <reference lib="dom" />
/** The page's end of the worker: a question, a promise of its answer. */
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { Answer, EngineInfo, FindRequest, FoundMasks, StartRequest } from "./messages.ts";

/** Finds masks in pictures, one after the other. */
export interface Finder {
  /** Fulfilled when the networks are loaded. */
  ready: Promise<EngineInfo>;
  /**
   * Finds the faces of a picture, and who wears a mask.
   *
   * @param picture An `ImageBitmap` is handed over and cannot be used any more.
   * @throws {Error} if it is no picture that this browser can read
   */
  find(picture: Blob | ImageBitmap, options: DetectOptions): Promise<FoundMasks>;
}

/**
 * Starts the worker, which begins to load the networks.
 *
 * @param backend The engine that is to be tried first; for tests and the curious.
 */
export function startFinder(backend: string | null): Finder {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, PromiseWithResolvers<FoundMasks>>();
  const ready = Promise.withResolvers<EngineInfo>();
  let asked = 0;

  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.kind === "ready") return ready.resolve(data.info);
    const question = data.id === undefined ? undefined : waiting.get(data.id);
    if (data.kind === "found") question!.resolve(data.found);
    else (question ?? ready).reject(new Error(data.reason));
    if (data.id !== undefined) waiting.delete(data.id);
  });
  worker.addEventListener("error", ({ message }) => {
    for (const { reject } of [ready, ...waiting.values()]) reject(new Error(message));
  });
  worker.postMessage({ backend } satisfies StartRequest);

  return {
    ready: ready.promise,
    find(picture, options) {
      const id = asked++;
      const question = Promise.withResolvers<FoundMasks>();
      waiting.set(id, question);
      const request: FindRequest = { id, picture, options };
      worker.postMessage(request, picture instanceof Blob ? [] : [picture]);
      return question.promise;
    },
  };
}
