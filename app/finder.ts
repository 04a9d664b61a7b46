/// <reference lib="dom" />
/** Sends pictures to the worker; each request resolves to its answer. */
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { Answer, EngineInfo, FindRequest, FoundMasks, StartRequest } from "./messages.ts";
import { makeTurns, type TurnOptions } from "./turns.ts";

/** Finds masks in pictures, one at a time: see {@linkcode TurnOptions}. */
export interface Finder {
  /** Fulfilled when the networks are loaded. */
  ready: Promise<EngineInfo>;
  /**
   * Finds and classifies the faces of a picture.
   *
   * @param picture A file, or a function that takes a frame at its turn, so that the frame is recent.
   * @throws {UnreadablePicture} if this browser cannot read the picture
   * @throws {Error} if the networks cannot be loaded, or fail
   */
  find(
    picture: Blob | (() => Promise<ImageBitmap>),
    options: DetectOptions,
    turn?: TurnOptions,
  ): Promise<TimedMasks>;
}

/** The result, and its time in milliseconds. */
export interface TimedMasks extends FoundMasks {
  time: number;
}

/** The error for a file that this browser cannot read as a picture. */
export class UnreadablePicture extends Error {
  override name = "UnreadablePicture";
}

/**
 * Starts the worker, which loads the networks.
 *
 * @param backend The backend to try first, for tests.
 */
export function startFinder(backend: string | null): Finder {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const takeTurn = makeTurns();
  const ready = Promise.withResolvers<EngineInfo>();
  /** The request that the worker processes. */
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
