/** Which samples a task has a use for. */
import { CLASSES, type Sample } from "../types.ts";
import type { Dataset, ScanOptions } from "./dataset.ts";

/** What {@linkcode selectSamples} kept. */
export interface Selection extends Pick<Dataset, "samples" | "leftOut"> {
  /** Where each of `samples` was in the list given. */
  places: number[];
}

/**
 * Leaves out the samples that a task has no use for: those of no class of it, faces that are too small, and
 * those that are marked as difficult.
 *
 * @throws {RangeError} If an option is none of those of {@linkcode ScanOptions}.
 * @example
 * ```ts
 * import { selectSamples } from "./select_samples.ts";
 *
 * const box = { left: 0, top: 0, width: 9, height: 12 };
 * const faces = [{ file: "1.jpg", className: "with_mask" as const, box }];
 * console.log(selectSamples(faces, { minFace: 10 }).leftOut);
 * ```
 */
export function selectSamples(
  found: readonly Sample[],
  { task = "binary", incorrect = "leave-out", minFace = 0 }: Omit<ScanOptions, "eachClass"> = {},
): Selection {
  checkChoice("task", task, Object.keys(CLASSES));
  checkChoice("incorrect", incorrect, ["leave-out", ...CLASSES.binary]);
  if (!(minFace >= 0 && minFace < Infinity)) {
    throw new RangeError(`minFace must be 0 pixels or more, got ${minFace}`);
  }
  const samples: Sample[] = [], places: number[] = [];
  const counts = new Map<string, number>();
  const leaveOut = (reason: string) => counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [place, sample] of found.entries()) {
    const { box, isDifficult } = sample;
    const isThird = task === "binary" && sample.className === "mask_weared_incorrect";
    const className = isThird ? incorrect : sample.className;
    if (isDifficult) leaveOut("marked difficult");
    else if (className === "leave-out") leaveOut(sample.className);
    else if (box && Math.min(box.width, box.height) < minFace) {
      leaveOut(`face under ${minFace} pixels`);
    } else {
      samples.push({ ...sample, className });
      places.push(place);
    }
  }
  return { samples, places, leftOut: [...counts].map(([reason, count]) => ({ reason, count })) };
}

function checkChoice(option: string, given: string, choices: readonly string[]): void {
  if (!choices.includes(given)) {
    throw new RangeError(`${option} must be one of ${choices.join(", ")}, got "${given}"`);
  }
}
