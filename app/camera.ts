/// <reference lib="dom" />
/** The camera: frame after frame to the finder, in a size that this machine is quick enough for. */
import type { Finder } from "./finder.ts";
import type { FoundMasks } from "./messages.ts";

/** Pixels of a frame's longer side in the detector, the quickest first. */
const SIZES = [192, 256, 320, 384, 512];
/** A frame takes this many milliseconds at most, where the smallest size allows it: ten frames a second. */
const MAX_TIME = 95;
/** Frames over which times are averaged. */
const WINDOW = 8;

/** What a frame showed. */
export interface LiveResult {
  found: FoundMasks;
  /** Frames a second that were shown, over the last ones. */
  speed: number;
}

/**
 * Shows the camera in a video and finds masks in its frames until the signal is given.
 *
 * @throws {DOMException} if there is no camera, or it may not be used
 * @throws {Error} if it stops by itself, as one that is unplugged
 */
export async function watchCamera(
  video: HTMLVideoElement,
  finder: Finder,
  { signal: stop, minScore, onResult }: {
    signal: AbortSignal;
    /** Asked at each frame. */
    minScore: () => number;
    onResult: (result: LiveResult) => void;
  },
): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
  });
  const lost = new AbortController();
  const signal = AbortSignal.any([stop, lost.signal]);
  stream.getVideoTracks()[0]!.addEventListener("ended", () => lost.abort());
  try {
    video.srcObject = stream;
    await video.play();
    let size = 1, times: number[] = [], shownAt = -1, ends = [performance.now()];
    while (!signal.aborted) {
      if (document.hidden || video.currentTime === shownAt) {
        await nextFrame(video, signal);
        continue;
      }
      shownAt = video.currentTime;
      const began = performance.now();
      const frame = await createImageBitmap(video);
      const found = await finder.find(frame, { minScore: minScore(), sizes: [SIZES[size]!] });
      if (signal.aborted) break;
      const now = performance.now();
      times = [...times.slice(1 - WINDOW), now - began];
      const time = times.reduce((sum, time) => sum + time, 0) / times.length;
      ends = [...ends.slice(-WINDOW), now];
      onResult({ found, speed: 1000 * (ends.length - 1) / (now - ends[0]!) });
      if (times.length < WINDOW) continue;
      const next = size + (time > MAX_TIME ? -1 : 1);
      const isBetter = time > MAX_TIME ||
        (next < SIZES.length && time * (SIZES[next]! / SIZES[size]!) ** 2 < MAX_TIME * 0.7);
      if (next >= 0 && isBetter) [size, times] = [next, []];
    }
    if (!stop.aborted) throw new Error("it gives no more pictures");
  } finally {
    video.srcObject = null;
    stream.getTracks().forEach((track) => track.stop());
  }
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
