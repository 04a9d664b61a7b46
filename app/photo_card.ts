/// <reference lib="dom" />
/** One photo on the page, with its faces, their list and its buttons. */
import { FORMAT_BYTES, identifyFile } from "../lib/images/file_format.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { type Finder, UnreadablePicture } from "./finder.ts";
import type { FoundMasks } from "./messages.ts";
import { makeOverlay, saveWithFaces } from "./overlay.ts";
import type { PhotoState } from "./summary.ts";
import { describeFace, describeFaces } from "./words.ts";

/** Chooses the faces to show, and marks those that are unsure. */
export type ChooseFaces = (faces: readonly MaskDetection[]) => MaskDetection[];

/** A photo on the page. */
export interface PhotoCard {
  element: HTMLElement;
  state: PhotoState;
  /** The faces that are shown. */
  faces: readonly MaskDetection[];
  /** Shows the chosen faces, if the photo is classified. */
  show(): void;
  /** Removes the photo at any stage. */
  close(): void;
}

/** The largest enlargement of a photo. */
const MOST_ENLARGED = 3;

/**
 * Makes the card of a photo, which waits to be classified.
 *
 * @param minScore The lowest confidence of a face; `choose` decides which of these faces are shown.
 */
export function makePhotoCard(
  { file, name }: { file: File; name: string },
  finder: Finder,
  { minScore, choose, onChange, onRemove }: {
    minScore: number;
    choose: ChooseFaces;
    onChange: () => void;
    onRemove: (card: PhotoCard) => void;
  },
): PhotoCard {
  const template = document.querySelector<HTMLTemplateElement>("#photo")!;
  const element = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const find = <T extends HTMLElement>(selector: string) => element.querySelector<T>(selector)!;
  const [image, result] = [find<HTMLImageElement>("img"), find(".result")];
  const [save, remove] = [find<HTMLButtonElement>(".save"), find(".remove")];
  const overlay = makeOverlay(image);
  const url = URL.createObjectURL(file);
  const closing = new AbortController();
  let found: FoundMasks | undefined;

  const card: PhotoCard = {
    element,
    state: "waiting",
    faces: [],
    show() {
      if (!found) return;
      card.faces = choose(found.faces);
      overlay.show(card.faces, found.width);
      image.alt = `${name}, ${describeFaces(card.faces)}`;
      result.textContent = describeFaces(card.faces);
      find("ol").replaceChildren(...card.faces.map(listFace));
      find("details").hidden = card.faces.length === 0;
      save.disabled = false;
    },
    close() {
      closing.abort();
      URL.revokeObjectURL(url);
      element.remove();
    },
  };

  async function judge() {
    try {
      found = await finder.find(file, { minScore }, closing);
      card.state = "judged";
      card.show();
    } catch (error) {
      if (closing.signal.aborted) return;
      const isUnreadable = error instanceof UnreadablePicture;
      card.state = isUnreadable ? "unreadable" : "failed";
      find(".picture").hidden = isUnreadable;
      save.hidden = true;
      result.classList.add("error");
      result.textContent = isUnreadable
        ? await explainUnreadable(file)
        : `This photo could not be classified: ${(error as Error).message}`;
    }
    onChange();
  }
  judge();

  find("h3").textContent = name;
  image.alt = name;
  image.src = url;
  image.addEventListener("load", () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    // Small photos are enlarged, so that there is room for labels.
    image.style.width = `min(${MOST_ENLARGED * width}px, ${80 * width / height}vh)`;
  });
  save.ariaLabel = `Save with boxes: ${name}`;
  save.addEventListener("click", async () => {
    image.loading = "eager";
    await image.decode();
    await saveWithFaces(image, card.faces, { ...found!, name });
  });
  remove.ariaLabel = `Remove ${name}`;
  remove.addEventListener("click", () => onRemove(card));
  return card;
}

/** Formats that all browsers read: if such a file cannot be read, it is damaged. */
const READABLE = ["JPEG", "PNG", "WebP", "GIF", "BMP", "ICO", "AVIF"];

/** Explains in one line what the file is, and what to do. */
async function explainUnreadable(file: File): Promise<string> {
  try {
    const format = identifyFile(
      new Uint8Array(await file.slice(0, FORMAT_BYTES).arrayBuffer()),
    );
    if (!format) return "This file cannot be read: it is not a photo, or it is damaged";
    const { name, advice } = format;
    return `${name} cannot be read: ${READABLE.includes(name) ? "the file is damaged" : advice}`;
  } catch (error) {
    return `This file cannot be opened: ${(error as Error).message}`;
  }
}

function listFace(face: MaskDetection): HTMLElement {
  const item = document.createElement("li");
  const { left, top, width, height } = face.box;
  const [x, y, w, h] = [left, top, width, height].map(Math.round);
  item.textContent = `${describeFace(face)}, ${w} × ${h} pixels at ${x}, ${y}`;
  return item;
}
