import { assert, assertEquals, assertRejects } from "@std/assert";
import { pMapIterable } from "p-map";
import { Budget } from "../lib/concurrency.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("Budget.run() lets in what fits, and what is too large alone", async () => {
  const budget = new Budget(10);
  let used = 0;
  const seen: number[] = [];
  const costs = [4, 5, 3, 25, 1, 10, 6];
  const results = await Promise.all(costs.map((cost) =>
    budget.run(cost, async () => {
      seen.push(used += cost);
      await wait(1);
      used -= cost;
      return cost;
    })
  ));
  assertEquals(results, costs);
  assertEquals(seen.length, costs.length);
  assertEquals(seen.filter((sum) => sum > 10), [25]);
  assertEquals(Math.max(...seen.slice(0, 2)), 9); // two at once
});

Deno.test("Budget.run() gives back what a failed work used", async () => {
  const budget = new Budget(1);
  await assertRejects(() => budget.run(1, () => Promise.reject(new TypeError("no"))), TypeError);
  assertEquals(await budget.run(1, () => Promise.resolve("yes")), "yes");
});

// What classifyCrops() and detectFiles() depend on, so that another version of p-map is noticed.

Deno.test("pMapIterable() keeps the order, and no more than `concurrency` under way", async () => {
  for (const concurrency of [1, 3, 10]) {
    let running = 0, most = 0;
    const results = pMapIterable([5, 1, 4, 2, 3], async (x) => {
      most = Math.max(most, ++running);
      await wait(3 * x);
      running--;
      return x;
    }, { concurrency });
    assertEquals(await Array.fromAsync(results), [5, 1, 4, 2, 3]);
    assertEquals(most, Math.min(concurrency, 5));
  }
});

Deno.test("pMapIterable() takes items only as they are needed, and ends their source", async () => {
  let taken = 0, isEnded = false;
  async function* endless() {
    try {
      while (true) yield await Promise.resolve(taken++);
    } finally {
      isEnded = true;
    }
  }
  for await (const x of pMapIterable(endless(), (x) => x, { concurrency: 4 })) {
    await wait(1);
    if (x === 9) break;
  }
  await wait(1);
  assert(taken <= 9 + 1 + 4, `took ${taken}`);
  assert(isEnded);
});

Deno.test("pMapIterable() throws what the work throws, in its turn", async () => {
  const seen: number[] = [];
  const work = async (x: number) => {
    if (x === 2) throw new TypeError("two");
    await wait(5);
    return x;
  };
  await assertRejects(
    async () => {
      for await (const x of pMapIterable([1, 2, 3], work, { concurrency: 3 })) seen.push(x);
    },
    TypeError,
    "two",
  );
  assertEquals(seen, [1]);
});
