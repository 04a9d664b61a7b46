/** Describes faces in words. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** The number of faces of each class, and the number of unsure faces. */
export type Counts = Record<ClassName | "unsure", number>;

/** Counts the faces of each class; an unsure face counts only as unsure. */
export function countFaces(faces: readonly MaskDetection[]): Counts {
  const names = [...Object.keys(CLASS_STYLES), "unsure"];
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Counts;
  for (const { label, unsure } of faces) counts[unsure ? "unsure" : label]++;
  return counts;
}

/** Formats faces as "3 faces: 2 with mask, 1 without mask". */
export function describeFaces(faces: readonly MaskDetection[]): string {
  if (faces.length === 0) return "no face found";
  const parts = Object.entries(countFaces(faces))
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${CLASS_STYLES[name as ClassName]?.words ?? name}`);
  return `${countOf(faces.length, "face")}: ${parts.join(", ")}`;
}

/** Formats a count as "1 face" or "3 faces". */
export const countOf = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? "" : "s"}`;

/** Formats a face as "mask 97%" or "unsure, perhaps mask 55%". */
export function describeFace({ label, probability, unsure }: MaskDetection): string {
  return `${unsure ? "unsure, perhaps " : ""}${CLASS_STYLES[label].short} ${
    toPercent(probability)
  }`;
}

/** Lists labels of a face, the longest first: "✓ mask 97%" and "✓ mask", or "mask? 55%" and "mask?". */
export function labelFace({ label, probability, unsure }: MaskDetection): string[] {
  const { short, sign } = CLASS_STYLES[label];
  const words = unsure ? `${short}?` : `${sign} ${short}`;
  return [`${words} ${toPercent(probability)}`, words];
}

const toPercent = (share: number) => `${Math.round(100 * share)}%`;
