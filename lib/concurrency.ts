/**
 * Bounded work. Of a number of works at once, `p-map` takes care. async-mutex's semaphore has weights as well,
 * but counts down from what is free at each release: with pixels as weights that takes 0.4 s.
 */

/** Bounds what works that run at once may use in all. */
export class Budget {
  readonly #limit: number;
  #used = 0;
  #waiting: (() => void)[] = [];

  /** @param limit In the unit of the costs. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs `work` as soon as its cost fits in beside that of the others, or no other is running.
   *
   * @returns what `work` returns
   * @throws what `work` throws
   * @example
   * ```ts
   * import { Budget } from "./concurrency.ts";
   *
   * const memory = new Budget(100);
   * const jobs = [60, 60, 30].map((cost) => memory.run(cost, () => Promise.resolve(cost)));
   * console.log(await Promise.all(jobs)); // The second waited for the first.
   * ```
   */
  async run<T>(cost: number, work: () => Promise<T>): Promise<T> {
    while (this.#used > 0 && this.#used + cost > this.#limit) {
      await new Promise<void>((resume) => this.#waiting.push(resume));
    }
    this.#used += cost;
    try {
      return await work();
    } finally {
      this.#used -= cost;
      for (const resume of this.#waiting.splice(0)) resume();
    }
  }
}
