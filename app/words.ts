/** Faces to words: what each class is called and looks like, and what there is to say of a picture. */
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** What a class is called, and what tells it apart beside its colour. */
export interface Look {
  word: string;
  sign: string;
  /** Dashes of the box's line, in units of its width. */
  dashes: number[];
}

/** The looks of the classes, in the order in which they are counted. */
export const LOOKS: Readonly<Record<ClassName, Look>> = {
  with_mask: { word: "masked", sign: "✓", dashes: [] },
  without_mask: { word: "unmasked", sign: "✗", dashes: [4, 2] },
  mask_weared_incorrect: { word: "incorrect", sign: "!", dashes: [1, 1.5] },
};

/** How many faces there are of each class. */
export type Counts = Record<ClassName, number>;

/** Counts the faces of each class. */
export function countFaces(faces: readonly MaskDetection[]): Counts {
  const counts: Counts = { with_mask: 0, without_mask: 0, mask_weared_incorrect: 0 };
  for (const { label } of faces) counts[label]++;
  return counts;
}

/** Such as "3 faces: 2 masked, 1 unmasked". */
export function describeFaces(faces: readonly MaskDetection[]): string {
  if (faces.length === 0) return "no face found";
  const parts = Object.entries(countFaces(faces))
    .filter(([, count]) => count > 0)
    .map(([label, count]) => `${count} ${LOOKS[label as ClassName].word}`);
  return `${faces.length} ${faces.length === 1 ? "face" : "faces"}: ${parts.join(", ")}`;
}

/** Such as "masked 97%". */
export function describeFace({ label, probability }: MaskDetection): string {
  return `${LOOKS[label].word} ${Math.round(100 * probability)}%`;
}
