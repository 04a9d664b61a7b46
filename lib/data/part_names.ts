/** The names that data sets give to the parts of their own split, to ours. */
import type { Part } from "../types.ts";

const NAMES: readonly (readonly [Part, RegExp])[] = [
  ["train", /^train(ing|val)?$/],
  ["validation", /^val(id(ation)?)?$/],
  ["test", /^test(ing)?$/],
];

/**
 * Reads the name of a folder or a list: `Train`, `val`, `valid`, `Test set`.
 *
 * @returns undefined if it names no part
 */
export function readPartName(name: string): Part | undefined {
  const word = name.toLowerCase().replace(/[ _-]*(set|data|images|split)$/, "");
  return NAMES.find(([, pattern]) => pattern.test(word))?.[0];
}
