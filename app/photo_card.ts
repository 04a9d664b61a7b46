/// <reference lib="dom" />
/** One photo on the page: its faces, their list, and what can be done with it. */
import type { MaskDetection } from "../lib/detect.ts";
import type { Finder } from "./finder.ts";
import type { FoundMasks } from "./messages.ts";
import { makeOverlay, saveWithFaces } from "./overlay.ts";
import { describeFace, describeFaces } from "./words.ts";

/** Pixels of a photo's longer side in the detector's passes; `detectMasks` has the same. */
export const PHOTO_SIZES: readonly number[] = [512, 768];

/** A photo on the page. */
export interface PhotoCard {
  element: HTMLElement;
  /** The faces that are shown. */
  faces: readonly MaskDetection[];
  /** Shows the faces of this certainty and more; looks for them where that has not been done. */
  show(minScore: number): Promise<void>;
}

/** Makes the card of a photo; nothing is looked for yet. */
export function makePhotoCard(
  file: File,
  finder: Finder,
  { onRemove }: { onRemove: (card: PhotoCard) => void },
): PhotoCard {
  const template = document.querySelector<HTMLTemplateElement>("#photo")!;
  const element = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const find = <T extends HTMLElement>(selector: string) => element.querySelector<T>(selector)!;
  const [image, save, result] = [
    find<HTMLImageElement>("img"),
    find<HTMLButtonElement>(".save"),
    find(".result"),
  ];
  const overlay = makeOverlay(image);
  const url = URL.createObjectURL(file);
  let found: FoundMasks | undefined, searchedFrom = Infinity;

  const card: PhotoCard = {
    element,
    faces: [],
    async show(minScore) {
      try {
        if (minScore < searchedFrom) {
          result.textContent = "Looking for faces…";
          searchedFrom = minScore;
          found = await finder.find(file, { minScore, sizes: PHOTO_SIZES });
        }
      } catch (error) {
        searchedFrom = 0;
        find(".picture").hidden = true;
        result.classList.add("error");
        result.textContent = `This file is no photo that the browser can read: ${
          (error as Error).message
        }`;
      }
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

  find("h2").textContent = file.name;
  image.src = url;
  save.ariaLabel = `Save ${file.name} with boxes`;
  save.addEventListener(
    "click",
    () => saveWithFaces(image, card.faces, { ...found!, name: file.name }),
  );
  const remove = find(".remove");
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
