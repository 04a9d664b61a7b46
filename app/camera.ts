/// <reference lib="dom" />
/** Sends the camera's frames to the finder, at a size that suits the speed of this machine. */
import type { Finder } from "./finder.ts";
import type { FoundMasks } from "./messages.ts";

/** Pixels of a frame's longer side in the detector, the fastest first. */
const SIZES = [192, 256, 320, 448, 640];
/** The smallest face that the detector finds, in its pixels. */
const LEAST_FACE = 10;
/** The longest time for a frame, in milliseconds, unless the smallest size takes longer: ten frames per second. */
const MAX_TIME = 95;
/** The number of frames over which times are averaged. */
const WINDOW = 8;

/** The result of a frame. */
export interface LiveResult {
  found: FoundMasks;
  /** Frames per second, over the last frames. */
  speed: number;
}

/**
 * Shows the camera in a video, and finds masks in its frames until the signal aborts. The camera is off when
 * the signal's `abort()` returns. One frame is processed at a time; frames that arrive meanwhile are dropped.
 *
 * @throws {Error} if there is no camera, it is not allowed, or it stops, for example because it is unplugged
 */
export async function watchCamera(
  video: HTMLVideoElement,
  finder: Finder,
  { signal: stop, minScore, onResult }: {
    signal: AbortSignal;
    /** Called for each frame. */
    minScore: () => number;
    onResult: (result: LiveResult) => void;
  },
): Promise<void> {
  const lost = new AbortController();
  const signal = AbortSignal.any([stop, lost.signal]);
  try {
    const stream = await openCamera(stop);
    stream.getVideoTracks()[0]!.addEventListener("ended", () => lost.abort());
    signal.addEventListener("abort", () => closeCamera(stream, video));
    video.srcObject = stream;
    await video.play();
    let size = 1, times: number[] = [], shownAt = -1, ends = [performance.now()];
    while (!signal.aborted) {
      if (document.hidden || video.currentTime === shownAt) {
        await nextFrame(video, signal);
        continue;
      }
      const takeFrame = () => {
        shownAt = video.currentTime;
        return createImageBitmap(video);
      };
      const { time: taken, ...found } = await finder.find(takeFrame, {
        minScore: minScore(),
        facesFrom: LEAST_FACE * Math.max(video.videoWidth, video.videoHeight) / SIZES[size]!,
      }, { isFrame: true, signal });
      const now = performance.now();
      times = [...times.slice(1 - WINDOW), taken];
      const time = times.reduce((sum, time) => sum + time, 0) / times.length;
      ends = [...ends.slice(-WINDOW), now];
      onResult({ found, speed: 1000 * (ends.length - 1) / (now - ends[0]!) });
      if (times.length < WINDOW) continue;
      const next = size + (time > MAX_TIME ? -1 : 1);
      const isBetter = time > MAX_TIME ||
        (next < SIZES.length && time * (SIZES[next]! / SIZES[size]!) ** 2 < MAX_TIME * 0.7);
      if (next >= 0 && isBetter) [size, times] = [next, []];
    }
  } catch (error) {
    if (!signal.aborted) throw new Error(explain(error as Error), { cause: error });
  } finally {
    lost.abort();
  }
  if (!stop.aborted) throw new Error("it sends no more pictures");
}

/** Opens the camera; if the signal has aborted meanwhile, closes it at once. */
async function openCamera(signal: AbortSignal): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new Error("browsers allow a camera only at https:// and http://localhost addresses");
  }
  const opening = navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
  });
  return await new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    opening.then((stream) => {
      if (signal.aborted) closeCamera(stream);
      resolve(stream);
    }, reject);
  });
}

function closeCamera(stream: MediaStream, video?: HTMLVideoElement): void {
  for (const track of stream.getTracks()) track.stop();
  if (video?.srcObject === stream) video.srcObject = null;
}

/** Explains why a camera cannot be opened. */
function explain({ name, message }: Error): string {
  const reasons: Record<string, string> = {
    NotAllowedError: "allow it in the browser's address bar, then try again",
    NotFoundError: "no camera was found",
    NotReadableError: "another program may be using it",
  };
  return reasons[name] ?? message;
}

function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      signal.removeEventListener("abort", goOn);
      resolve();
    };
    signal.addEventListener("abort", goOn);
    video.requestVideoFrameCallback(goOn);
  });
}
