/// <reference lib="dom" />
/** Draws boxes over a photo or a video, sharp at any window size, and saves both as a file. */
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { drawFaces } from "./draw.ts";

/** The boxes over one picture. */
export interface Overlay {
  /** Shows these faces instead of the faces before. @param width The photo's width, in pixels. */
  show(faces: readonly MaskDetection[], width: number): void;
}

/** Lays a canvas over a picture. */
export function makeOverlay(media: HTMLImageElement | HTMLVideoElement): Overlay {
  const canvas = document.createElement("canvas");
  canvas.ariaHidden = "true";
  media.after(canvas);
  const context = canvas.getContext("2d")!;
  let shown: { faces: readonly MaskDetection[]; width: number } = { faces: [], width: 1 };

  function draw() {
    const unit = devicePixelRatio;
    canvas.width = media.clientWidth * unit;
    canvas.height = media.clientHeight * unit;
    drawFaces(context, shown.faces, { scale: canvas.width / shown.width, unit });
  }
  new ResizeObserver(draw).observe(media);
  return {
    show(faces, width) {
      shown = { faces, width };
      draw();
    },
  };
}

/** Saves a picture with boxes at its full size, as a JPEG. */
export async function saveWithFaces(
  media: HTMLImageElement | ImageBitmap,
  faces: readonly MaskDetection[],
  { width, height, name }: { width: number; height: number; name: string },
): Promise<void> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(media, 0, 0, width, height);
  drawFaces(context, faces, { scale: 1, unit: Math.max(1, Math.max(width, height) / 1000) });
  const url = URL.createObjectURL(
    await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/\.[^.]*$/, "")}-masks.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
