/** Orders pictures: one at a time, four camera frames before each photo, the newest photo first. */

/** Options of a waiting picture. */
export interface TurnOptions {
  /** Whether it is a camera frame, which waits for at most one photo. @default false */
  isFrame?: boolean;
  /** Removes it from the queue. Work that has begun continues, but its result is dropped. */
  signal?: AbortSignal;
}

/**
 * Runs work at its turn.
 *
 * @returns the result of the work
 * @throws the error of the work, or the signal's reason as soon as the signal aborts
 */
export type TakeTurn = <T>(work: () => Promise<T>, options?: TurnOptions) => Promise<T>;

/** Frames between two photos while the camera is on. */
const FRAMES_BETWEEN = 4;
/** The time without a request after which the camera counts as off, in milliseconds. */
const QUIET = 300;

/** Makes a queue. */
export function makeTurns(): TakeTurn {
  const frames: (() => Promise<void>)[] = [], photos: (() => Promise<void>)[] = [];
  let isBusy = false, framesLeft = 0, frameAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function goOn() {
    clearTimeout(timer);
    if (isBusy) return;
    const wait = framesLeft > 0 ? frameAt + QUIET - performance.now() : 0;
    const frame = framesLeft > 0 || photos.length === 0 ? frames.shift() : undefined;
    const next = frame ?? (wait <= 0 ? photos.pop() : undefined);
    if (!next) {
      if (photos.length > 0) timer = setTimeout(goOn, wait);
      return;
    }
    isBusy = true;
    await next();
    isBusy = false;
    if (frame) frameAt = performance.now();
    framesLeft = frame ? framesLeft - 1 : FRAMES_BETWEEN;
    goOn();
  }

  return (work, { isFrame = false, signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const list = isFrame ? frames : photos;
      const run = () => work().then(resolve, reject);
      signal?.addEventListener("abort", () => {
        const index = list.indexOf(run);
        if (index >= 0) list.splice(index, 1);
        reject(signal.reason);
      });
      list.push(run);
      if (isFrame) frameAt = performance.now();
      // Later, so that the newest of several photos is first.
      queueMicrotask(goOn);
    });
}
