/** Faces to words. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** How many faces there are of each class. */
export type Counts = Record<ClassName, number>;

/** Counts the faces of each class. */
export function countFaces(faces: readonly MaskDetection[]): Counts {
  const counts = Object.fromEntries(Object.keys(CLASS_STYLES).map((name) => [name, 0])) as Counts;
  for (const { label } of faces) counts[label]++;
  return counts;
}

/** Such as "3 faces: 2 with mask, 1 without mask". */
export function describeFaces(faces: readonly MaskDetection[]): string {
  if (faces.length === 0) return "no face found";
  const parts = Object.entries(countFaces(faces))
    .filter(([, count]) => count > 0)
    .map(([label, count]) => `${count} ${CLASS_STYLES[label as ClassName].words}`);
  return `${faces.length} ${faces.length === 1 ? "face" : "faces"}: ${parts.join(", ")}`;
}

/** Such as "mask 97%". */
export function describeFace({ label, probability }: MaskDetection): string {
  return `${CLASS_STYLES[label].short} ${Math.round(100 * probability)}%`;
}
