/** A real Chromium for tests and benches, and what its camera shows. */
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { GROUP } from "./group_photos.ts";

// Playwright and Vite ask at their import whether this is Windows' Linux, for which they want a file that
// tests may not read, unless this is set.
Deno.env.set("__IS_WSL_TEST__", "1");

/** Debian's Chromium, or the one that the variable names. */
export const CHROMIUM: string = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Starts it without a window and without a graphics card; its camera shows the clip. */
export async function launchChromium({ cameraClip }: { cameraClip: string }): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${cameraClip}`,
    ],
  });
}

/** Writes a clip for the camera, 640 x 480: a part of a photo with one face, still. */
export async function writeCameraClip(file: string): Promise<void> {
  const [width, height] = [640, 480];
  const { data } = await sharp(GROUP)
    .extract({ left: 1300, top: 60, width: 600, height: 450 }).resize(width, height)
    .raw().toBuffer({ resolveWithObject: true });
  // Y4M, 4:2:0, by the matrix of ITU-R BT.601.
  const luma = new Uint8Array(width * height);
  const [blue, red] = [new Uint8Array(luma.length / 4), new Uint8Array(luma.length / 4)];
  for (let i = 0; i < luma.length; i++) {
    const [r, g, b] = data.subarray(3 * i, 3 * i + 3);
    luma[i] = 16 + 0.257 * r! + 0.504 * g! + 0.098 * b!;
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x % 2 || y % 2) continue;
    const at = y / 2 * (width / 2) + x / 2;
    blue[at] = 128 - 0.148 * r! - 0.291 * g! + 0.439 * b!;
    red[at] = 128 + 0.439 * r! - 0.368 * g! - 0.071 * b!;
  }
  const text = new TextEncoder();
  const frame = [text.encode("FRAME\n"), luma, blue, red];
  await Deno.writeFile(
    file,
    new Blob([text.encode(`YUV4MPEG2 W${width} H${height} F30:1 Ip C420\n`), ...frame, ...frame])
      .stream(),
  );
}
