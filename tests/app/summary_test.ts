import { assertEquals } from "@std/assert";
import { type PageState, summarise } from "../../app/summary.ts";
import { describeFace, labelFace } from "../../app/words.ts";
import { CLASS_STYLES } from "../../lib/class_style.ts";
import type { MaskDetection } from "../../lib/inference/detect_masks.ts";
import type { ClassName } from "../../lib/types.ts";

const face = (label: ClassName, unsure?: true): MaskDetection => ({
  box: { left: 0, top: 0, width: 9, height: 9 },
  label,
  probability: 0.55,
  score: 0.9,
  ...unsure && { unsure },
});
const [masked, bare] = [face("with_mask"), face("without_mask")];
const judged = (...faces: MaskDetection[]) => ({ state: "judged", faces }) as const;
const waiting = { state: "waiting", faces: [] } as const;
const unreadable = { state: "unreadable", faces: [] } as const;
const failed = { state: "failed", faces: [] } as const;

const CASES: [state: PageState, title: string, status: string, faces: number][] = [
  [{ photos: [], loading: "Loading…" }, "Faces", "Loading…", 0],
  [{ photos: [] }, "Faces", "Ready.", 0],
  [{ photos: [waiting], loading: "Loading…" }, "Faces", "Loading… · 0 of 1 done", 0],
  [{ photos: [waiting, waiting] }, "Faces", "0 of 2 done", 0],
  [
    { photos: [waiting, judged(masked, bare), waiting] },
    "Faces in 1 photo",
    "1 of 3 done, 2 faces: 1 with mask, 1 without mask",
    2,
  ],
  [{ photos: [judged(), judged()] }, "Faces in 2 photos", "2 photos, no face found", 0],
  [
    { photos: [waiting, unreadable, judged(bare)] },
    "Faces in 1 photo",
    "1 of 2 done, 1 face: 1 without mask; 1 file cannot be read",
    1,
  ],
  [
    { photos: [judged(masked), unreadable, unreadable] },
    "Faces in 1 photo",
    "1 photo, 1 face: 1 with mask; 2 files cannot be read",
    1,
  ],
  [{ photos: [unreadable] }, "Faces", "1 file cannot be read", 0],
  [
    { photos: [failed], loading: "The networks could not be loaded: 404" },
    "Faces",
    "The networks could not be loaded: 404 · 1 photo could not be classified",
    0,
  ],
  [
    { photos: [judged(masked, face("with_mask", true))] },
    "Faces in 1 photo",
    "1 photo, 2 faces: 1 with mask, 1 unsure",
    2,
  ],
  [{ photos: [], camera: {} }, "Faces before the camera", "Starting the camera…", 0],
  [
    { photos: [judged(masked), waiting], camera: { faces: [bare] } },
    "Faces before the camera",
    "1 face: 1 without mask; 1 of 2 done",
    1,
  ],
  [{ photos: [], camera: { faces: [] } }, "Faces before the camera", "No face found", 0],
  [{ photos: [], problem: "No photo was found there" }, "Faces", "No photo was found there", 0],
  [
    { photos: [judged(bare)], problem: "3 other files left out" },
    "Faces in 1 photo",
    "1 photo, 1 face: 1 without mask · 3 other files left out",
    1,
  ],
];

Deno.test("summarise() says the same in words and in counts", () => {
  for (const [state, title, status, faces] of CASES) {
    const summary = summarise(state);
    assertEquals([summary.title, summary.status], [title, status]);
    assertEquals(Object.values(summary.counts).reduce((sum, count) => sum + count), faces);
    for (const [name, count] of Object.entries(summary.counts)) {
      const words = CLASS_STYLES[name as ClassName]?.words ?? name;
      const said = new RegExp(`(\\d+) ${words}\\b`).exec(summary.status)?.[1] ?? "0";
      assertEquals([status, name, Number(said)], [status, name, count]);
    }
  }
});

Deno.test("summarise() moves while the camera or a photo will change it", () => {
  const moves = (state: PageState) => summarise(state).isMoving;
  assertEquals(moves({ photos: [judged(), unreadable] }), false);
  assertEquals(moves({ photos: [judged(), waiting] }), true);
  assertEquals(moves({ photos: [], camera: {} }), true);
});

Deno.test("describeFace() and labelFace() say unsure as predict and annotated pictures do", () => {
  assertEquals(describeFace(masked), "mask 55%");
  assertEquals(describeFace(face("without_mask", true)), "unsure, perhaps no mask 55%");
  assertEquals(labelFace(bare), ["✗ no mask 55%", "✗ no mask"]);
  assertEquals(labelFace(face("with_mask", true)), ["mask? 55%", "mask?"]);
});
