/** What is odd about a data set: thousands of one kind are one note with their count. */
import type { Unreadable } from "../types.ts";

/** Collects notes by kind. */
export class Notes {
  readonly #kinds = new Map<string, Unreadable & { count: number }>();

  /** Notes something; only the first of its kind is told in its own words. */
  add(kind: string, file: string, reason: string): void {
    const known = this.#kinds.get(kind);
    if (known) known.count++;
    else this.#kinds.set(kind, { file, reason, count: 1 });
  }

  /** Lists a note per kind: of its first, and how many more there are. */
  list(): Unreadable[] {
    return [...this.#kinds.values()].map(({ file, reason, count }) => ({
      file,
      reason: count === 1 ? reason : `${reason} (the first of ${count})`,
    }));
  }
}
