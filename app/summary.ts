/** Computes the page's counts and status from the same faces, so that they agree. */
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import { countFaces, countOf, type Counts, describeFaces } from "./words.ts";

/** The stage of a photo. */
export type PhotoState = "waiting" | "judged" | "unreadable" | "failed";

/** The state of the page. */
export interface PageState {
  /** A message about the networks until they are ready. */
  loading?: string;
  photos: readonly { state: PhotoState; faces: readonly MaskDetection[] }[];
  /** Set while the camera is on; without `faces` until the first frame is processed. */
  camera?: { faces?: readonly MaskDetection[] };
  /** The last problem. */
  problem?: string;
}

/** The text of the page. */
export interface Summary {
  /** The subject of the counts. */
  title: string;
  counts: Counts;
  status: string;
  /** Whether the next frame or photo changes it. */
  isMoving: boolean;
}

/** Summarises the camera's faces while it is on, else those of all photos. */
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
  if (failed > 0) parts.push(`${countOf(failed, "photo")} could not be classified`);
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
