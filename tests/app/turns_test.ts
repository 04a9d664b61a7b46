import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeTurns } from "../../app/turns.ts";

/** Work that ends when it is told to, and a list of what has begun. */
function makeWork() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    work: (name: string) => () => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    },
    /** Ends what runs, and waits until the next has begun. */
    async end(name: string) {
      ends.get(name)!();
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("makeTurns() runs one at a time, the newest photo first, of those that come together too", async () => {
  const take = makeTurns();
  const { begun, work, end } = makeWork();
  const results = ["1", "2", "3"].map((name) => take(work(name)));
  await settle();
  assertEquals(begun, ["3"]);
  results.push(take(work("4")));
  await end("3");
  assertEquals(begun, ["3", "4"]);
  await end("4");
  await end("2");
  await end("1");
  assertEquals(await Promise.all(results), ["1", "2", "3", "4"]);
});

Deno.test("makeTurns() puts frames before photos, and lets one photo in after each four", async () => {
  const take = makeTurns();
  const { begun, work, end } = makeWork();
  for (const name of ["p1", "p2", "p3"]) take(work(name));
  await settle();
  for (let i = 1; i <= 9; i++) take(work(`f${i}`), { isFrame: true });
  for (let i = 0; i < 11; i++) await end(begun.at(-1)!);
  assertEquals(
    begun,
    ["p3", "f1", "f2", "f3", "f4", "p2", "f5", "f6", "f7", "f8", "p1", "f9"],
  );
});

Deno.test("makeTurns() lets no photo in while the camera fetches its next frame", async () => {
  const take = makeTurns();
  const { begun, work, end } = makeWork();
  for (const name of ["p1", "p2"]) take(work(name));
  await settle();
  await end("p2"); // with p1 begun, as there is no camera yet
  for (const name of ["p3", "p4"]) take(work(name));
  take(work("f1"), { isFrame: true });
  await end("p1");
  for (let i = 2; i <= 6; i++) {
    await end(begun.at(-1)!);
    await new Promise((resolve) => setTimeout(resolve, 20));
    take(work(`f${i}`), { isFrame: true });
    await settle();
  }
  assertEquals(begun, ["p2", "p1", "f1", "f2", "f3", "f4", "p4", "f5"]);
});

Deno.test("makeTurns() goes on with the photos when the camera has become quiet", async () => {
  const take = makeTurns();
  const { begun, work, end } = makeWork();
  const photos = ["p1", "p2"].map((name) => take(work(name)));
  await settle();
  take(work("f1"), { isFrame: true });
  await end("p2");
  await end("f1");
  assertEquals(begun, ["p2", "f1"]);
  while (begun.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  await end("p1");
  assertEquals(await Promise.all(photos), ["p1", "p2"]);
});

Deno.test("makeTurns() rejects at once what is aborted, whether it waits or runs", async () => {
  const take = makeTurns();
  const { begun, work, end } = makeWork();
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = take(work("first"), { signal: running.signal });
  await settle();
  const second = take(work("second"), { signal: waiting.signal });
  const third = take(work("third"));
  running.abort(new Error("stop 1"));
  waiting.abort(new Error("stop 2"));
  await assertRejects(() => first, Error, "stop 1");
  await assertRejects(() => second, Error, "stop 2");
  await assertRejects(() => take(work("late"), { signal: AbortSignal.abort(new Error("no")) }));
  assertEquals(begun, ["first"], "the one that runs keeps its turn");
  await end("first");
  await end("third");
  assertEquals(await third, "third");
  assertEquals(begun, ["first", "third"]);
});

Deno.test("makeTurns() goes on after work that fails", async () => {
  const take = makeTurns();
  const failed = take(() => Promise.reject(new Error("damaged")));
  await assertRejects(() => failed, Error, "damaged");
  assert(await take(() => Promise.resolve(true)));
});
