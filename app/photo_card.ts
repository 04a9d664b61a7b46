/// <reference lib="dom" />
/** One photo on the page: its faces, their list, and what can be done with it. */
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { FoundMasks } from "./messages.ts";
import { makeOverlay, saveWithFaces } from "./overlay.ts";
import { describeFace, describeFaces } from "./words.ts";

/** A photo on the page. */
export interface PhotoCard {
  element: HTMLElement;
  /** The faces that are shown. */
  faces: readonly MaskDetection[];
  /** Shows the faces of this certainty and more, if they are known already. */
  show(minScore: number): void;
}

/**
 * Makes the card of a photo.
 *
 * @param search What is found in it, of which the card tells when {@linkcode PhotoCard.show} is called.
 */
export function makePhotoCard(
  file: File,
  search: Promise<FoundMasks>,
  { onRemove }: { onRemove: (card: PhotoCard) => void },
): PhotoCard {
  const template = document.querySelector<HTMLTemplateElement>("#photo")!;
  const element = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const find = <T extends HTMLElement>(selector: string) => element.querySelector<T>(selector)!;
  const [image, result] = [find<HTMLImageElement>("img"), find(".result")];
  const [save, remove] = [find<HTMLButtonElement>(".save"), find(".remove")];
  const overlay = makeOverlay(image);
  const url = URL.createObjectURL(file);
  let found: FoundMasks | undefined;

  const card: PhotoCard = {
    element,
    faces: [],
    show(minScore) {
      if (!found) return;
      card.faces = found.faces.filter(({ score }) => score >= minScore);
      overlay.show(card.faces, found.width);
      image.alt = `${file.name}, ${describeFaces(card.faces)}`;
      result.textContent = describeFaces(card.faces);
      find("ol").replaceChildren(...card.faces.map(listFace));
      find("details").hidden = card.faces.length === 0;
      save.disabled = false;
    },
  };
  search.then((masks) => found = masks, (error) => {
    find(".picture").hidden = true;
    result.classList.add("error");
    result.textContent = `This file cannot be looked at: ${error.message}`;
  });

  find("h2").textContent = file.name;
  image.src = url;
  save.ariaLabel = `Save ${file.name} with boxes`;
  save.addEventListener("click", () => {
    saveWithFaces(image, card.faces, { ...found!, name: file.name });
  });
  remove.ariaLabel = `Remove ${file.name}`;
  remove.addEventListener("click", () => {
    URL.revokeObjectURL(url);
    onRemove(card);
  });
  return card;
}

function listFace(face: MaskDetection): HTMLElement {
  const item = document.createElement("li");
  const { left, top, width, height } = face.box;
  const [x, y, w, h] = [left, top, width, height].map(Math.round);
  item.textContent = `${describeFace(face)}, ${w} × ${h} pixels at ${x}, ${y}`;
  return item;
}
