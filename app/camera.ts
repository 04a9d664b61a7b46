/// <reference lib="dom" />
/** The camera: frame after frame to the finder, in a size that this machine is quick enough for. */
import type { Finder } from "./finder.ts";
import type { FoundMasks } from "./messages.ts";

/** Pixels of a frame's longer side in the detector, the quickest first. */
const SIZES = [192, 256, 320, 384, 512];
/** A frame takes this many milliseconds at most, where the smallest size allows it: ten frames a second. */
const MAX_TIME = 95;
/** Frames over which time is averaged. */
const WINDOW = 8;

/** What a frame showed. */
export interface LiveResult {
  found: FoundMasks;
  /** Frames a second, over the last frames. */
  speed: number;
}

/**
 * Shows the camera in a video and finds masks in its frames until the signal is given.
 *
 * @throws {DOMException} if there is no camera, or it may not be used
 */
export async function watchCamera(
  video: HTMLVideoElement,
  finder: Finder,
  { signal, minScore, onResult }: {
    signal: AbortSignal;
    /** Asked at each frame. */
    minScore: () => number;
    onResult: (result: LiveResult) => void;
  },
): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
  });
  try {
    video.srcObject = stream;
    await video.play();
    let size = 1, times: number[] = [], shownAt = -1;
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
      times = [...times.slice(1 - WINDOW), performance.now() - began];
      const time = times.reduce((sum, time) => sum + time, 0) / times.length;
      onResult({ found, speed: 1000 / time });
      if (times.length < WINDOW) continue;
      const next = size + (time > MAX_TIME ? -1 : 1);
      const isBetter = time > MAX_TIME ||
        (next < SIZES.length && time * (SIZES[next]! / SIZES[size]!) ** 2 < MAX_TIME * 0.7);
      if (next >= 0 && isBetter) [size, times] = [next, []];
    }
  } finally {
    video.srcObject = null;
    stream.getTracks().forEach((track) => track.stop());
  }
}

function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    video.requestVideoFrameCallback(() => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
