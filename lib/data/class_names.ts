/** The names that data sets give to their classes, to ours. */
import { CLASSES, type ClassName } from "../types.ts";

/** What a class of a data set becomes: one of ours, or nothing. */
export type ClassMeaning = ClassName | "ignore";

/** A class's name in a data set, how many photos or faces have it, and what it was found to mean. */
export interface NamedClass {
  name: string;
  count: number;
}

const MEANINGS: readonly ClassMeaning[] = [...CLASSES["three-class"], "ignore"];

/** The words that classes' names are made of, by what they say. */
const WORDS = {
  mask: ["mask", "masks", "masked"],
  with: ["with", "on"],
  without: ["without", "off"],
  no: ["no", "non", "not", "un", "less"],
  right: ["correct", "correctly", "proper", "properly"],
  wrong: ["incorrect", "incorrectly", "improper", "improperly", "wrong", "wrongly"],
  face: ["face", "faces"],
  or: ["and", "or"],
  worn: ["person", "people", "wear", "wears", "wearing", "weared", "wore", "worn"],
} as const;
type Meaning = keyof typeof WORDS;

const MEANING_OF = new Map(
  Object.entries(WORDS).flatMap(([meaning, words]) =>
    words.map((word) => [word as string, meaning as Meaning])
  ),
);
/** The longest first, so that "without" is not read as "with" and a rest. */
const WORD = new RegExp([...MEANING_OF.keys()].sort((a, b) => b.length - a.length).join("|"), "y");

/** Folders of well-known sets whose names say it in another way: MaskedFace-Net and RMFD. */
const KNOWN: Readonly<Record<string, ClassName>> = {
  cmfd: "with_mask",
  imfd: "mask_weared_incorrect",
  afdbmaskedfacedataset: "with_mask",
  afdbfacedataset: "without_mask",
};

/**
 * Reads a class's name as its words say: `WithMask`, `no-mask`, `mask worn incorrectly`.
 *
 * @returns `face` for a bare "face", which means one without a mask only beside faces with one;
 * `unclear` for what may mean two classes; undefined for a name with any other word
 * @example
 * ```ts
 * import { readClassName } from "./class_names.ts";
 *
 * console.log(readClassName("WithoutMask"), readClassName("incorrect_mask")); // without_mask mask_weared_incorrect
 * ```
 */
export function readClassName(name: string): ClassName | "face" | "unclear" | undefined {
  const text = bareName(name);
  if (Object.hasOwn(KNOWN, text)) return KNOWN[text];
  const counts: Partial<Record<Meaning, number>> = {};
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.length) {
    const word = WORD.exec(text)?.[0];
    if (word === undefined) return undefined;
    const meaning = MEANING_OF.get(word)!;
    counts[meaning] = (counts[meaning] ?? 0) + 1;
  }
  const { mask = 0, with: on = 0, without = 0, no = 0, right = 0, wrong = 0, face = 0, or = 0 } =
    counts;
  const denied = without + no;
  if (mask + on + denied + right + wrong === 0) return face > 0 ? "face" : undefined;
  if (or > 0 || mask > 1 || wrong + denied > 1 || (on > 0 && without > 0)) return "unclear";
  if (wrong > 0 || (right > 0 && denied > 0)) return "mask_weared_incorrect";
  if (denied > 0) return mask > 0 || text === "without" ? "without_mask" : undefined;
  return mask > 0 || text === "with" ? "with_mask" : undefined;
}

/** A name as `classes` says, whatever its case and what stands between its words, or else as its words say. */
export function readMeaning(
  name: string,
  classes: Readonly<Record<string, ClassMeaning>> = {},
): ClassMeaning | ReturnType<typeof readClassName> {
  const given = Object.entries(classes);
  const [, meaning] = given.find(([it]) => it === name) ??
    given.find(([it]) => bareName(it) === bareName(name)) ?? [];
  return meaning ?? readClassName(name);
}

/**
 * Finds what each class of a data set means: as `classes` says, or else as its name says.
 *
 * @param named Each name once, with how often it occurs.
 * @param where The data set, for messages.
 * @throws {Deno.errors.InvalidData} if a name means none of our classes or may mean two, and `classes` does
 * not have it
 */
export function mapClasses(
  named: readonly NamedClass[],
  classes: Readonly<Record<string, ClassMeaning>> = {},
  where: string,
): Map<string, ClassMeaning> {
  const read = new Map(named.map(({ name }) => [name, readMeaning(name, classes)]));
  const all = new Set(read.values());
  const isBare = !all.has("without_mask") &&
    (all.has("with_mask") || all.has("mask_weared_incorrect"));
  const meanings = new Map<string, ClassMeaning>();
  const open: NamedClass[] = [];
  for (const it of named) {
    const meaning = read.get(it.name);
    if (meaning === "face" && isBare) meanings.set(it.name, "without_mask");
    else if (meaning === undefined || meaning === "face" || meaning === "unclear") open.push(it);
    else meanings.set(it.name, meaning);
  }
  if (open.length > 0) {
    throw new Deno.errors.InvalidData(askForClasses(open, meanings, where));
  }
  return meanings;
}

/** Says which classes are not understood, which are, and what to write. */
function askForClasses(
  open: readonly NamedClass[],
  meanings: ReadonlyMap<string, ClassMeaning>,
  where: string,
): string {
  const seen = open.slice(0, 10).map(({ name, count }) => `${JSON.stringify(name)} (${count})`);
  const more = open.length > 10 ? ` and ${open.length - 10} more` : "";
  const beside = [...meanings].map(([name, it]) => name === it ? name : `${name} (= ${it})`);
  const besides = beside.length > 0 ? `, beside ${beside.join(", ")}` : "";
  const example = open.slice(0, 10).map(({ name }) => `${name}=ignore`).join(",");
  return `classes must say what each class of ${where} means, got ${
    seen.join(", ")
  }${more}${besides}; ` +
    `write --classes "${example}" with one of ${MEANINGS.join(", ")} for each`;
}

/**
 * Checks that `classes` maps names to our classes.
 *
 * @throws {RangeError} if it does not
 */
export function checkClassMap(classes: Readonly<Record<string, string>> = {}): void {
  for (const [name, meaning] of Object.entries(classes)) {
    if (!MEANINGS.includes(meaning as ClassMeaning)) {
      throw new RangeError(
        `classes must map each name to one of ${MEANINGS.join(", ")}, got ${
          JSON.stringify(meaning)
        } for ${JSON.stringify(name)}`,
      );
    }
  }
}

/** A name's letters and digits alone, whatever their case: "With Mask" and "with_mask" are one name. */
function bareName(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
