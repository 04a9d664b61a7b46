/** Ends at once, with the reasons, where a set lacks what every task needs. */
import type { ClassName, Sample, Unreadable } from "../types.ts";
import type { Dataset } from "./dataset.ts";

/** Reasons that an error holds. */
const MOST_REASONS = 3;

/**
 * Refuses a set in which a class of the task has no sample.
 *
 * @throws {Deno.errors.InvalidData} that says what there is, and why the rest cannot be used
 */
export function refuseMissing(
  { classes, samples, leftOut, unreadable }: Dataset,
  folder: string,
): void {
  const counts = countClasses(samples);
  if (classes.every((name) => counts.has(name))) return;
  const found = classes.map((name) => `${counts.get(name) ?? 0} ${name}`).join(", ");
  const left = leftOut.map(({ reason, count }) => `; left out ${count}: ${reason}`).join("");
  throw new Deno.errors.InvalidData(
    `scanDataset() needs a sample of each class, found ${found} in ${folder}${left}${
      describeReasons(unreadable)
    }`,
  );
}

/**
 * Refuses a set of which nothing is left.
 *
 * @throws {Deno.errors.InvalidData} that says why, unless nothing was unreadable
 */
export function refuseUnusable(unreadable: readonly Unreadable[], folder: string): void {
  if (unreadable.length === 0) return;
  throw new Deno.errors.InvalidData(
    `${folder} needs a label that can be used${describeReasons(unreadable)}`,
  );
}

/** How many samples each class has that has any. */
function countClasses(samples: readonly Sample[]): Map<ClassName, number> {
  const counts = new Map<ClassName, number>();
  for (const { className } of samples) counts.set(className, (counts.get(className) ?? 0) + 1);
  return counts;
}

/** The first of the reasons, after what an error says. */
function describeReasons(unreadable: readonly Unreadable[]): string {
  if (unreadable.length === 0) return "";
  const first = unreadable.slice(0, MOST_REASONS).map(({ file, reason }) => `${file}: ${reason}`);
  return `; ${unreadable.length} unreadable, first ${first.join("; ")}`;
}
