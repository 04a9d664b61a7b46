/** What the page says of all that it shows: counts and words from the same faces, so that they agree. */
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { countFaces, countOf, type Counts, describeFaces } from "./words.ts";

/** How far a photo is. */
export type PhotoState = "waiting" | "judged" | "unreadable" | "failed";

/** All that the page knows. */
export interface PageState {
  /** What there is to say of the networks until they are ready. */
  loading?: string;
  photos: readonly { state: PhotoState; faces: readonly MaskDetection[] }[];
  /** Set while the camera is on; without faces until it has shown some. */
  camera?: { faces?: readonly MaskDetection[] };
  /** What went wrong last. */
  problem?: string;
}

/** What the page says. */
export interface Summary {
  /** What the counts are of. */
  title: string;
  counts: Counts;
  status: string;
  /** Whether the next frame or photo will change it. */
  isMoving: boolean;
}

/** Sums up: faces of the camera while it is on, else of all photos. */
export function summarise({ loading, photos, camera, problem }: PageState): Summary {
  const count = (state: PhotoState) => photos.filter((photo) => photo.state === state).length;
  const [waiting, judged] = [count("waiting"), count("judged")];
  const faces = camera ? camera.faces ?? [] : photos.flatMap((photo) => photo.faces);
  const progress = waiting > 0 ? `${judged} of ${waiting + judged} done` : "";
  const parts: string[] = [];
  if (camera) {
    parts.push(camera.faces ? describeFaces(faces) : "starting the camera…", progress);
  } else {
    const found = judged > 0 ? describeFaces(faces) : "";
    parts.push(
      [progress || (judged > 0 ? countOf(judged, "photo") : ""), found]
        .filter(Boolean).join(", "),
    );
  }
  const unreadable = count("unreadable"), failed = count("failed");
  if (unreadable > 0) parts.push(`${countOf(unreadable, "file")} cannot be read`);
  if (failed > 0) parts.push(`${countOf(failed, "photo")} could not be judged`);
  const words = parts.filter(Boolean).join("; ");
  const sentences = [loading, words && capitalise(words), problem].filter(Boolean);
  return {
    title: camera
      ? "Faces before the camera"
      : judged > 0
      ? `Faces in ${countOf(judged, "photo")}`
      : "Faces",
    counts: countFaces(faces),
    status: sentences.join(" · ") || "Ready.",
    isMoving: !!camera || waiting > 0,
  };
}

const capitalise = (text: string) => text[0]!.toUpperCase() + text.slice(1);
