/** Faces to words. */
import { CLASS_STYLES } from "../lib/class_style.ts";
import type { MaskDetection } from "../lib/inference/detect_masks.ts";
import type { ClassName } from "../lib/types.ts";

/** How many faces there are of each class, and how many of which nobody is sure. */
export type Counts = Record<ClassName | "unsure", number>;

/** Counts the faces of each class; one that is unsure counts as that alone. */
export function countFaces(faces: readonly MaskDetection[]): Counts {
  const names = [...Object.keys(CLASS_STYLES), "unsure"];
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Counts;
  for (const { label, unsure } of faces) counts[unsure ? "unsure" : label]++;
  return counts;
}

/** Such as "3 faces: 2 with mask, 1 without mask". */
export function describeFaces(faces: readonly MaskDetection[]): string {
  if (faces.length === 0) return "no face found";
  const parts = Object.entries(countFaces(faces))
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${CLASS_STYLES[name as ClassName]?.words ?? name}`);
  return `${countOf(faces.length, "face")}: ${parts.join(", ")}`;
}

/** Such as "1 face" and "3 faces". */
export const countOf = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? "" : "s"}`;

/** Such as "mask 97%", or "unsure, perhaps mask 55%". */
export function describeFace({ label, probability, unsure }: MaskDetection): string {
  return `${unsure ? "unsure, perhaps " : ""}${CLASS_STYLES[label].short} ${
    toPercent(probability)
  }`;
}

/** What stands beside a face, from the longest to the shortest: "✓ mask 97%" and "✓ mask", or "mask? 55%". */
export function labelFace({ label, probability, unsure }: MaskDetection): string[] {
  const { short, sign } = CLASS_STYLES[label];
  const words = unsure ? `${short}?` : `${sign} ${short}`;
  return [`${words} ${toPercent(probability)}`, words];
}

const toPercent = (share: number) => `${Math.round(100 * share)}%`;
