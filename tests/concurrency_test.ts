import { assertEquals, assertRejects } from "@std/assert";
import { mapAhead } from "../lib/concurrency.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("mapAhead() keeps the order, and no more than `ahead` under way", async () => {
  for (const ahead of [1, 3, 10]) {
    let running = 0, most = 0;
    const results = mapAhead([5, 1, 4, 2, 3], async (x) => {
      most = Math.max(most, ++running);
      await wait(3 * x);
      running--;
      return x;
    }, { ahead });
    assertEquals(await Array.fromAsync(results), [5, 1, 4, 2, 3]);
    assertEquals(most, Math.min(ahead, 5));
  }
});

Deno.test("mapAhead() takes items only as they are needed", async () => {
  let taken = 0;
  function* endless() {
    while (true) yield taken++;
  }
  for await (const x of mapAhead(endless(), (x) => Promise.resolve(x), { ahead: 4 })) {
    if (x === 9) break;
  }
  assertEquals(taken, 13);
});

Deno.test("mapAhead() throws what the work throws, in its turn", async () => {
  const seen: number[] = [];
  const work = (x: number) => x === 2 ? Promise.reject(new TypeError("two")) : Promise.resolve(x);
  await assertRejects(
    async () => {
      for await (const x of mapAhead([1, 2, 3], work, { ahead: 3 })) seen.push(x);
    },
    TypeError,
    "two",
  );
  assertEquals(seen, [1]);
  await assertRejects(() => mapAhead([], work, { ahead: 0 }).next(), RangeError, "ahead");
});
