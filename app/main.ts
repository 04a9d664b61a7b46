/// <reference lib="dom" />
/** Connects the parts of the page: photos, camera, counts and boxes. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { markPrediction } from "../lib/model/predictions.ts";
import type { ClassName } from "../lib/types.ts";
import { watchCamera } from "./camera.ts";
import { startFinder } from "./finder.ts";
import { type GivenFile, readGivenFiles } from "./given_files.ts";
import { makeOverlay, saveWithFaces } from "./overlay.ts";
import { makePhotoCard, type PhotoCard } from "./photo_card.ts";
import { type PageState, summarise } from "./summary.ts";
import { countOf, type Counts } from "./words.ts";

/** Milliseconds between announcements of automatic changes to screen readers. */
const TELL_EVERY = 5000;

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const threshold = find<HTMLInputElement>("threshold");
const sureness = find<HTMLInputElement>("sureness");
const files = find<HTMLInputElement>("files");
const cameraButton = find<HTMLButtonElement>("camera");
const snapshot = find<HTMLButtonElement>("snapshot");
const drop = find("drop");
const video = find<HTMLVideoElement>("video");
const counts = [...document.querySelectorAll<HTMLElement>("#counts [data-count]")];

const finder = startFinder(new URLSearchParams(location.search).get("backend"));
const photos: PhotoCard[] = [];
const state: PageState = { loading: "Loading the networks…", photos };
/** Stops the camera, while it is on. */
let live: AbortController | undefined;
const shareOf = (slider: HTMLInputElement) => Number(slider.value) / 100;

for (const [label, { words, sign, colour }] of Object.entries(CLASS_STYLES)) {
  const count = find("counts").querySelector<HTMLElement>(`.${label}`)!;
  count.style.borderLeftColor = colour;
  const term = count.querySelector("dt")!;
  [term.dataset.sign, term.textContent] = [sign, words];
}

finder.ready.then(({ backend, classes, trainedOn }) => {
  for (const label of Object.keys(CLASS_STYLES) as ClassName[]) {
    find("counts").querySelector<HTMLElement>(`.${label}`)!.hidden = !classes.includes(label);
  }
  find("engine").textContent = `Runs on ${backend}. The classifier was trained on: ${trainedOn}.`;
  state.loading = undefined;
  show();
}, (error) => {
  state.loading = `The networks could not be loaded: ${error.message}`;
  show();
});

// The status of the page.

let toldAt = -Infinity;

/** Shows counts and status at the same time, so that they agree. */
function show() {
  const summary = summarise(state);
  find("counts-title").textContent = summary.title;
  for (const count of counts) {
    const name = count.dataset.count as keyof Counts;
    count.textContent = String(summary.counts[name]);
    if (name === "unsure") count.parentElement!.hidden = shareOf(sureness) === 0;
  }
  find("photo-list").hidden = photos.length === 0;
  const status = find("status");
  if (status.textContent === summary.status) return;
  // Screen readers announce changes at once, but automatic changes only every few seconds.
  const isDue = !summary.isMoving || performance.now() - toldAt >= TELL_EVERY;
  if (isDue) toldAt = performance.now();
  status.ariaLive = isDue ? "polite" : "off";
  status.textContent = summary.status;
}

/** Shows a problem until the next action. */
function showProblem(problem?: string) {
  state.problem = problem;
  show();
}

// Photos.

const minScore = () => shareOf(threshold);
const chooseFaces = (faces: readonly MaskDetection[]) =>
  faces.filter(({ score }) => score >= minScore())
    .map((face) => markPrediction(face, shareOf(sureness)));

function addPhotos(given: readonly GivenFile[], problem?: string) {
  for (const it of given) {
    const card = makePhotoCard(it, finder, {
      minScore: Number(threshold.min) / 100,
      choose: chooseFaces,
      onChange: show,
      onRemove: removePhoto,
    });
    photos.unshift(card);
    find("photos").prepend(card.element);
  }
  showProblem(problem);
}

/** Adds dropped or pasted files. */
async function addGiven(data: DataTransfer) {
  const { files, skipped, lost } = await readGivenFiles(data);
  const problems = [
    skipped > 0 && `${countOf(skipped, "other file")} left out`,
    lost > 0 && `${countOf(lost, "file")} could not be opened`,
  ].filter(Boolean);
  if (files.length + lost === 0) problems.unshift("No photo was found there");
  addPhotos(files, problems.join(", "));
}

function removePhoto(card: PhotoCard) {
  const index = photos.indexOf(card);
  photos.splice(index, 1);
  card.close();
  (photos[index] ?? photos.at(-1))?.element.focus();
  if (photos.length === 0) files.focus();
  showProblem();
}

find("clear").addEventListener("click", () => {
  for (const card of photos.splice(0)) card.close();
  files.focus();
  showProblem();
});

files.addEventListener("change", () => {
  addPhotos([...files.files!].map((file) => ({ file, name: file.name })));
  files.value = "";
});
addEventListener("paste", ({ clipboardData }) => clipboardData && addGiven(clipboardData));
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer) addGiven(event.dataTransfer);
});

for (const slider of [threshold, sureness]) {
  slider.addEventListener("input", () => {
    find(`${slider.id}-value`).textContent = slider.ariaValueText = `${slider.value}%`;
    for (const card of photos) card.show();
    show();
  });
}

// Camera.

const overlay = makeOverlay(video);

async function useCamera() {
  const session = live = new AbortController();
  overlay.show([], 1);
  state.camera = {};
  showCamera(true);
  showProblem();
  let problem: string | undefined;
  try {
    await watchCamera(video, finder, {
      signal: session.signal,
      minScore,
      onResult({ found, speed }) {
        const faces = chooseFaces(found.faces);
        state.camera = { faces };
        snapshot.disabled = false;
        overlay.show(faces, found.width);
        document.querySelector("#speed dd")!.textContent = speed.toFixed(speed < 10 ? 1 : 0);
        show();
      },
    });
  } catch (error) {
    problem = `The camera cannot be used: ${(error as Error).message}`;
  }
  if (live === session) stopCamera(problem);
}

/** Turns the camera off at once. */
function stopCamera(problem?: string) {
  live?.abort();
  live = undefined;
  state.camera = undefined;
  showCamera(false);
  showProblem(problem);
}

function showCamera(isOn: boolean) {
  cameraButton.ariaPressed = String(isOn);
  cameraButton.textContent = isOn ? "Stop the camera" : "Use the camera";
  find("live").hidden = find("speed").hidden = !isOn;
  snapshot.disabled = true; // until there is a picture
}

cameraButton.addEventListener("click", () => live ? stopCamera() : useCamera());
snapshot.addEventListener("click", async () => {
  snapshot.disabled = true;
  try {
    const frame = await createImageBitmap(video);
    const copy = () => createImageBitmap(frame);
    const found = await finder.find(copy, { minScore: minScore() }, { isFrame: true });
    await saveWithFaces(frame, chooseFaces(found.faces), { ...found, name: "camera.jpg" });
  } catch (error) {
    showProblem(`This frame could not be saved: ${(error as Error).message}`);
  }
});
