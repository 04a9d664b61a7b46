/// <reference lib="dom" />
/** Wires the page: photos and camera in, counts and boxes out. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";
import { watchCamera } from "./camera.ts";
import { startFinder } from "./finder.ts";
import { makeOverlay, saveWithFaces } from "./overlay.ts";
import { makePhotoCard, type PhotoCard } from "./photo_card.ts";
import { countFaces, describeFaces } from "./words.ts";

/** Milliseconds between what is said of the camera to those who do not see it. */
const TELL_EVERY = 5000;

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const threshold = find<HTMLInputElement>("threshold");
const files = find<HTMLInputElement>("files");
const cameraButton = find<HTMLButtonElement>("camera");
const snapshot = find<HTMLButtonElement>("snapshot");
const drop = find("drop");
const video = find<HTMLVideoElement>("video");

const finder = startFinder(new URLSearchParams(location.search).get("backend"));
const cards: PhotoCard[] = [];
/** What there is to say where there is no photo. */
let idle = "Loading the networks…";
/** Set while the camera is on. */
let live: AbortController | undefined;
const minScore = () => Number(threshold.value) / 100;

for (const [label, { words, sign, colour }] of Object.entries(CLASS_STYLES)) {
  const count = document.querySelector<HTMLElement>(`#counts .${label}`)!;
  count.style.borderLeftColor = colour;
  count.querySelector(".sign")!.textContent = sign;
  count.querySelector(".words")!.textContent = words;
}

function tell(text: string) {
  find("status").textContent = text;
}

function showCounts(faces: readonly MaskDetection[]) {
  for (const [label, count] of Object.entries(countFaces(faces))) {
    document.querySelector(`#counts .${label} dd`)!.textContent = String(count);
  }
}

finder.ready.then(({ backend, classes, trainedOn }) => {
  for (const label of Object.keys(CLASS_STYLES) as ClassName[]) {
    document.querySelector<HTMLElement>(`#counts .${label}`)!.hidden = !classes.includes(label);
  }
  find("engine").textContent = `Runs on ${backend}. The classifier was trained on: ${trainedOn}.`;
  idle = "Ready.";
  tellPhotos();
}, (error) => {
  idle = `The networks could not be loaded: ${error.message}`;
  tellPhotos();
});

// Photos.

function addPhotos(files: Iterable<File>) {
  for (const file of files) {
    const search = finder.find(file, { minScore: Number(threshold.min) / 100 });
    const card = makePhotoCard(file, search, { onRemove: removePhoto });
    cards.unshift(card);
    find("photos").prepend(card.element);
    search.catch(() => {}).then(() => {
      card.show(minScore());
      tellPhotos();
    });
  }
}

function tellPhotos() {
  if (live) return;
  const faces = cards.flatMap((card) => card.faces);
  showCounts(faces);
  const photos = cards.length === 1 ? "1 photo" : `${cards.length} photos`;
  tell(cards.length === 0 ? idle : `${photos}, ${describeFaces(faces)}`);
}

function removePhoto(card: PhotoCard) {
  const index = cards.indexOf(card);
  cards.splice(index, 1);
  card.element.remove();
  (cards[index] ?? cards.at(-1))?.element.focus();
  if (cards.length === 0) files.focus();
  tellPhotos();
}

files.addEventListener("change", () => {
  addPhotos(files.files!);
  files.value = "";
});
addEventListener("paste", ({ clipboardData }) => addPhotos(clipboardData?.files ?? []));
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  addPhotos(event.dataTransfer?.files ?? []);
});

threshold.addEventListener("input", () => {
  find("threshold-value").textContent = threshold.ariaValueText = `${threshold.value}%`;
  for (const card of cards) card.show(minScore());
  tellPhotos();
});

// Camera.

const overlay = makeOverlay(video);

async function useCamera() {
  live = new AbortController();
  showCamera(true);
  tell("Starting the camera…");
  let problem = "", toldAt = 0;
  try {
    await watchCamera(video, finder, {
      signal: live.signal,
      minScore,
      onResult({ found: { faces, width }, speed }) {
        snapshot.disabled = false;
        overlay.show(faces, width);
        showCounts(faces);
        document.querySelector("#speed dd")!.textContent = speed.toFixed(speed < 10 ? 1 : 0);
        if (performance.now() - toldAt < TELL_EVERY) return;
        toldAt = performance.now();
        tell(describeFaces(faces));
      },
    });
  } catch (error) {
    problem = `The camera cannot be used: ${(error as Error).message}`;
  }
  live = undefined;
  showCamera(false);
  tellPhotos();
  if (problem) tell(problem);
}

function showCamera(isOn: boolean) {
  cameraButton.ariaPressed = String(isOn);
  cameraButton.textContent = isOn ? "Stop the camera" : "Use the camera";
  find("live").hidden = find("speed").hidden = !isOn;
  snapshot.disabled = true; // until there is a picture
}

cameraButton.addEventListener("click", () => live ? live.abort() : useCamera());
snapshot.addEventListener("click", async () => {
  try {
    const frame = await createImageBitmap(video);
    const copy = await createImageBitmap(frame);
    const found = await finder.find(copy, { minScore: minScore() });
    await saveWithFaces(frame, found.faces, { ...found, name: "camera.jpg" });
  } catch (error) {
    tell(`This frame could not be saved: ${(error as Error).message}`);
  }
});
