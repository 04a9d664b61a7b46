import { assertEquals, assertRejects } from "@std/assert";
import { Budget } from "../../lib/images/budget.ts";

Deno.test("Budget.run() lets in what fits, and what is too large alone", async () => {
  const budget = new Budget(10);
  let used = 0;
  const seen: number[] = [];
  const costs = [4, 5, 3, 25, 1, 10, 6];
  const results = await Promise.all(costs.map((cost) =>
    budget.run(cost, async () => {
      seen.push(used += cost);
      await new Promise((resume) => setTimeout(resume, 1));
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
