/// <reference lib="dom" />
/** The page's worker: the networks live here, so that the page answers while they work. */
import { chooseBackend } from "./backend.ts";
import { findMasks, loadNetworks, type Networks } from "./find_masks.ts";
import type { Answer, FindRequest, StartRequest } from "./messages.ts";
import type { Photo } from "../lib/photo.ts";

const say = (answer: Answer) => postMessage(answer);
const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);

let networks: Networks;

addEventListener("message", ({ data }: MessageEvent<StartRequest | FindRequest>) => {
  if ("picture" in data) answer(data);
  else start(data);
});

async function start({ backend: wanted }: StartRequest): Promise<void> {
  try {
    const backend = await chooseBackend(wanted);
    networks = await loadNetworks();
    const { classes, trainedOn } = networks.info;
    say({ kind: "ready", info: { backend, classes, trainedOn } });
  } catch (error) {
    say({ kind: "broken", reason: reasonOf(error) });
  }
}

async function answer({ picture, options }: FindRequest): Promise<void> {
  let photo: Photo;
  try {
    photo = await readPixels(picture);
  } catch (error) {
    return say({ kind: "unreadable", reason: reasonOf(error) });
  }
  try {
    const { width, height } = photo;
    const faces = await findMasks(networks, photo, options);
    say({ kind: "found", found: { width, height, faces } });
  } catch (error) {
    say({ kind: "failed", reason: reasonOf(error) });
  }
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
