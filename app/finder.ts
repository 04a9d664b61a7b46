/// <reference lib="dom" />
/** The page's end of the worker: a question, a promise of its answer. */
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { Answer, EngineInfo, FindRequest, FoundMasks, StartRequest } from "./messages.ts";
import { makeTurns, type TurnOptions } from "./turns.ts";

/** Finds masks in pictures, one after the other: see {@linkcode TurnOptions}. */
export interface Finder {
  /** Fulfilled when the networks are loaded. */
  ready: Promise<EngineInfo>;
  /**
   * Finds the faces of a picture, and who wears a mask.
   *
   * @param picture A file, or what takes a frame when its turn comes: a frame that waited would be old.
   * @throws {UnreadablePicture} if it is no picture that this browser can read
   * @throws {Error} if the networks could not be loaded, or fail
   */
  find(
    picture: Blob | (() => Promise<ImageBitmap>),
    options: DetectOptions,
    turn?: TurnOptions,
  ): Promise<TimedMasks>;
}

/** What was found, and in how many milliseconds. */
export interface TimedMasks extends FoundMasks {
  time: number;
}

/** A file that this browser reads as no picture. */
export class UnreadablePicture extends Error {
  override name = "UnreadablePicture";
}

/**
 * Starts the worker, which begins to load the networks.
 *
 * @param backend The engine that is to be tried first; for tests and the curious.
 */
export function startFinder(backend: string | null): Finder {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const takeTurn = makeTurns();
  const ready = Promise.withResolvers<EngineInfo>();
  /** The one question that the worker is at. */
  let question = Promise.withResolvers<FoundMasks>();
  question.promise.catch(() => {});

  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.kind === "ready") ready.resolve(data.info);
    else if (data.kind === "broken") ready.reject(new Error(data.reason));
    else if (data.kind === "found") question.resolve(data.found);
    else if (data.kind === "unreadable") question.reject(new UnreadablePicture(data.reason));
    else question.reject(new Error(data.reason));
  });
  worker.addEventListener("error", ({ message }) => {
    ready.reject(new Error(message));
    question.reject(new Error(message));
  });
  worker.postMessage({ backend } satisfies StartRequest);

  async function ask(
    picture: Blob | (() => Promise<ImageBitmap>),
    options: DetectOptions,
  ): Promise<TimedMasks> {
    await ready.promise;
    const began = performance.now();
    question = Promise.withResolvers();
    const pixels = picture instanceof Blob ? picture : await picture();
    const request: FindRequest = { picture: pixels, options };
    worker.postMessage(request, pixels instanceof Blob ? [] : [pixels]);
    return { ...await question.promise, time: performance.now() - began };
  }
  return {
    ready: ready.promise,
    find: (picture, options, turn) => takeTurn(() => ask(picture, options), turn),
  };
}
