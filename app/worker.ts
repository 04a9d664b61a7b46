/// <reference lib="dom" />
/** The page's worker: the networks live here, so that the page answers while they work. */
import { chooseBackend } from "./backend.ts";
import { findMasks, loadNetworks, type Networks } from "./find_masks.ts";
import type { Answer, FindRequest, FoundMasks, StartRequest } from "./messages.ts";
import type { DetectOptions } from "../lib/detection/detector.ts";
import type { Photo } from "../lib/photo.ts";

const say = (answer: Answer) => postMessage(answer);
const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);

/** One thing after the other; the first is to load the networks. */
let last = Promise.resolve();
let networks: Networks | undefined;

addEventListener("message", ({ data }: MessageEvent<StartRequest | FindRequest>) => {
  last = last.then(() => "id" in data ? answer(data) : start(data));
});

async function start({ backend: wanted }: StartRequest): Promise<void> {
  try {
    const backend = await chooseBackend(wanted);
    networks = await loadNetworks();
    const { classes, trainedOn } = networks.info;
    say({ kind: "ready", info: { backend, classes, trainedOn } });
  } catch (error) {
    say({ kind: "failed", reason: reasonOf(error) });
  }
}

async function answer({ id, picture, options }: FindRequest): Promise<void> {
  try {
    say({ kind: "found", id, found: await find(picture, options) });
  } catch (error) {
    say({ kind: "failed", id, reason: reasonOf(error) });
  }
}

async function find(
  picture: Blob | ImageBitmap,
  options: DetectOptions,
): Promise<FoundMasks> {
  if (!networks) throw new Error("the networks are not loaded");
  const photo = await readPixels(picture);
  const { width, height } = photo;
  return { width, height, faces: await findMasks(networks, photo, options) };
}

/** Decodes a picture, upright, with alpha on white. */
async function readPixels(picture: Blob | ImageBitmap): Promise<Photo> {
  const bitmap = picture instanceof Blob ? await createImageBitmap(picture) : picture;
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height)
    .getContext("2d", { alpha: false, willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < pixels.length; from++) {
    pixels[to++] = data[from++]!;
    pixels[to++] = data[from++]!;
    pixels[to++] = data[from++]!;
  }
  return { width, height, pixels };
}
