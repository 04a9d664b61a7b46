/// <reference lib="dom" />
/** The page's worker: it runs the networks, so that the page stays responsive. */
import { chooseBackend } from "./backend.ts";
import type { Answer, FindRequest, StartRequest } from "./messages.ts";
import { loadMaskFinder, type MaskFinder } from "../lib/browser.ts";
import { describeExcess, MAX_PIXELS } from "../lib/images/file_format.ts";

/** The networks' paths on this page's server. */
const FOLDERS = {
  classifier: "/model/",
  detector: "/detector/",
  wasm: "/wasm/",
};

const say = (answer: Answer) => postMessage(answer);
const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);

let finder: MaskFinder;

addEventListener("message", ({ data }: MessageEvent<StartRequest | FindRequest>) => {
  if ("picture" in data) answer(data);
  else start(data);
});

async function start({ backend: wanted }: StartRequest): Promise<void> {
  try {
    const backend = await chooseBackend(wanted);
    finder = await loadMaskFinder({ backend, folders: FOLDERS });
    const { classes, trainedOn } = finder.info;
    say({ kind: "ready", info: { backend, classes, trainedOn } });
  } catch (error) {
    say({ kind: "broken", reason: reasonOf(error) });
  }
}

async function answer({ picture, options }: FindRequest): Promise<void> {
  let bitmap: ImageBitmap;
  try {
    bitmap = picture instanceof Blob ? await createImageBitmap(picture) : picture;
  } catch (error) {
    return say({ kind: "unreadable", reason: reasonOf(error) });
  }
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS) throw new RangeError(describeExcess(bitmap));
    const pixels = readPixels(bitmap);
    // Camera frames are not crops.
    const mayBeCrop = picture instanceof Blob;
    const faces = await finder.findMasks(pixels, { ...options, mayBeCrop });
    say({ kind: "found", found: { width, height, faces } });
  } catch (error) {
    say({ kind: "failed", reason: reasonOf(error) });
  }
}

/** Reads the upright pixels of a picture, with alpha on white. */
function readPixels(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height)
    .getContext("2d", { alpha: false, willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
