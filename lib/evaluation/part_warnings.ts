/** Warns about parts that limit a result: too few photos, too few scenes, a missing class. */
import { type ClassName, plural, type Sample } from "../types.ts";

/** With fewer samples, the 95% interval of an accuracy of 0.9 is wider than 16 points. */
const FEWEST = 50;

/**
 * Lists the problems of a part for the evaluation of a model.
 *
 * @param name The part in words, such as "the test part".
 * @param samples The samples of the part.
 * @param classes The classes that the model predicts.
 * @param groups One group number per sample, as `splitPhotos` returns them.
 * @returns one warning per problem; empty if there is none
 * @example
 * ```ts
 * import { warnAboutPart } from "./part_warnings.ts";
 *
 * const samples = [{ className: "with_mask" as const }];
 * console.log(warnAboutPart("the test part", samples, ["without_mask", "with_mask"]));
 * ```
 */
export function warnAboutPart(
  name: string,
  samples: readonly Pick<Sample, "className" | "box">[],
  classes: readonly ClassName[],
  groups?: readonly number[],
): string[] {
  const thing = samples[0]?.box ? "face" : "photo";
  const things = plural(samples.length, thing);
  const present = new Set(samples.map(({ className }) => className));
  const missing = classes.filter((className) => !present.has(className));
  const warnings: string[] = [];
  if (samples.length < FEWEST) {
    warnings.push(`${name} has ${things}: with fewer than ${FEWEST}, results vary much by chance`);
  }
  const scenes = groups && new Set(groups).size;
  if (scenes && scenes < FEWEST && scenes <= samples.length / 2) {
    warnings.push(
      `${name} has ${things} of ${plural(scenes, "scene")} ` +
        "(near-duplicates count as one): results may differ on other scenes",
    );
  }
  if (missing.length > 0 && samples.length > 0) {
    warnings.push(
      `${name} has no ${thing} of ${missing.join(" or ")}`,
    );
  }
  return warnings;
}
