/** Whose turn it is: one picture at a time, four of the camera's frames before each photo, the newest photo first. */

/** What waits for its turn. */
export interface TurnOptions {
  /** A frame waits for one photo at most. @default false */
  isFrame?: boolean;
  /** Takes it out of those that wait; what runs already goes on, but nobody hears of it. */
  signal?: AbortSignal;
}

/**
 * Runs some work when its turn comes.
 *
 * @returns what the work returns
 * @throws what the work throws, or the signal's reason as soon as the signal is given
 */
export type TakeTurn = <T>(work: () => Promise<T>, options?: TurnOptions) => Promise<T>;

/** Frames that go between two photos while the camera is on. */
const FRAMES_BETWEEN = 4;
/** The camera counts as off when it has asked for nothing for so many milliseconds. */
const QUIET = 300;

/** Makes a queue of its own. */
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
      // Not at once: the newest of photos that come together is the first.
      queueMicrotask(goOn);
    });
}
