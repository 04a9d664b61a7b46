/** Labels that people looked at and found wrong: a list of facts, applied after the split. */
import { readRegularFile } from "../files.ts";
import type { Box, ClassName, ImageSet, Sample } from "../types.ts";
import { CLASSES } from "../types.ts";

const MAX_BYTES = 2 ** 26;

/** One label, and what it should be. */
export interface LabelCorrection {
  /** The photo's file name, without folders. */
  file: string;
  /** Left, top, width and height of the labelled box; absent for a photo of one face. */
  box?: readonly [left: number, top: number, width: number, height: number];
  /** The label that the set gives. */
  was: ClassName;
  /** The right one; `null` where the photo shows no face that can be judged. */
  is: ClassName | null;
}

/** A set whose labels were corrected. */
export interface Corrected {
  /** The same pixels; `samples` is a new list. */
  images: ImageSet;
  /** The indices that were given, without the faces that cannot be judged. */
  indices: number[];
  /** How many got another label. */
  relabelled: number;
  /** How many were left out. */
  leftOut: number;
}

/**
 * Reads a list of corrections: JSON with a field `corrections`.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} that names the file and the entry that is wrong
 * @example
 * ```ts
 * import { readCorrections } from "./corrections.ts";
 *
 * const file = await Deno.makeTempFile();
 * const entry = { file: "1.jpg", box: [8, 9, 30, 40], was: "with_mask", is: "without_mask" };
 * await Deno.writeTextFile(file, JSON.stringify({ corrections: [entry] }));
 * console.log(await readCorrections(file));
 * await Deno.remove(file);
 * ```
 */
export async function readCorrections(file: string): Promise<LabelCorrection[]> {
  const text = new TextDecoder().decode(await readRegularFile(file, MAX_BYTES));
  const wrong = (what: string, wanted: string, found: unknown, cause?: unknown) =>
    new Deno.errors.InvalidData(
      `${file}: ${what} must be ${wanted}, got ${JSON.stringify(found)}`,
      { cause },
    );
  let corrections: unknown;
  try {
    corrections = JSON.parse(text)?.corrections;
  } catch (cause) {
    throw new Deno.errors.InvalidData(`${file} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!Array.isArray(corrections)) throw wrong("corrections", "a list", corrections);
  const classes = CLASSES["three-class"];
  for (const [i, entry] of corrections.entries()) {
    const at = `corrections[${i}]`;
    const { file: name, box, was, is } = entry ?? {};
    if (typeof name !== "string") throw wrong(`${at}.file`, "a file name", name);
    if (box !== undefined && !(Array.isArray(box) && box.length === 4 && box.every(isNumber))) {
      throw wrong(`${at}.box`, "four numbers", box);
    }
    if (!classes.includes(was)) throw wrong(`${at}.was`, `one of ${classes.join(", ")}`, was);
    if (is !== null && !classes.includes(is)) {
      throw wrong(`${at}.is`, `null or one of ${classes.join(", ")}`, is);
    }
  }
  return corrections;
}

/**
 * Corrects the labels of some samples, and leaves out the faces that cannot be judged. Split first: the
 * split depends on the labels.
 *
 * @param indices Of the samples that may be corrected, such as the training part; the others stay.
 * @param corrections An entry applies where file name, box and label are the same.
 * @example
 * ```ts
 * import { correctLabels } from "./corrections.ts";
 *
 * const samples = [{ file: "set/1.jpg", className: "with_mask" as const }];
 * const images = { size: 1, pixels: new Uint8Array(3), samples, unreadable: [] };
 * const wrong = { file: "1.jpg", was: "with_mask", is: "without_mask" } as const;
 * console.log(correctLabels(images, [0], [wrong]).images.samples[0]!.className); // without_mask
 * ```
 */
export function correctLabels(
  images: ImageSet,
  indices: readonly number[],
  corrections: readonly LabelCorrection[],
): Corrected {
  const byFace = new Map(corrections.map((it) => [nameFace(it.file, it.box, it.was), it.is]));
  const samples = [...images.samples];
  let relabelled = 0;
  const kept = indices.filter((index) => {
    const sample = samples[index]!;
    const is = byFace.get(nameSample(sample));
    if (is) {
      samples[index] = { ...sample, className: is };
      relabelled++;
    }
    return is !== null;
  });
  return {
    images: { ...images, samples },
    indices: kept,
    relabelled,
    leftOut: indices.length - kept.length,
  };
}

const isNumber = (value: unknown): boolean => typeof value === "number";

function nameSample({ file, box, className }: Sample): string {
  const name = file.slice(1 + Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")));
  return nameFace(name, box && listSides(box), className);
}

const listSides = ({ left, top, width, height }: Box) => [left, top, width, height] as const;

function nameFace(file: string, box: LabelCorrection["box"], was: ClassName): string {
  return JSON.stringify([file, box ?? [], was]);
}
