/**
 * Limits the total cost of concurrent work. `p-map` limits the number of tasks. The semaphore of async-mutex
 * has weights too, but loops over the free units at each release: 0.4 s with pixels as weights.
 */

/** Limits the total cost of the tasks that run at the same time. */
export class Budget {
  readonly #limit: number;
  #used = 0;
  #waiting: (() => void)[] = [];

  /** @param limit The largest total, in the unit of the costs. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs `work` as soon as its cost fits within the limit, or no other task is running.
   *
   * @returns the result of `work`
   * @throws what `work` throws
   * @example
   * ```ts
   * import { Budget } from "./concurrency.ts";
   *
   * const memory = new Budget(100);
   * const jobs = [60, 60, 30].map((cost) => memory.run(cost, () => Promise.resolve(cost)));
   * console.log(await Promise.all(jobs)); // the second waited for the first
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
