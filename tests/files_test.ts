import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { withWorkFolder } from "../lib/files.ts";
import { listFiles, withFolder } from "./fixtures/zips.ts";

Deno.test("withWorkFolder() runs one work at a time and leaves nothing", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "new", "work");
    let [running, waited] = [0, 0];
    const work = async () => {
      assertEquals(++running, 1);
      await Deno.writeTextFile(join(folder, "file"), "x");
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return "done";
    };
    const onWait = () => waited++;
    const results = Array.from({ length: 8 }, () => withWorkFolder(folder, work, { onWait }));
    assertEquals(await Promise.all(results), Array(8).fill("done"));
    assert(waited > 0);
    assertEquals(await listFiles(parent), []);
  });
});

Deno.test("withWorkFolder() keeps what a killed process left, and removes it after the work", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "work");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "part"), "half");
    await Deno.writeTextFile(`${folder}.lock`, "");
    const left = await withWorkFolder(folder, () => Deno.readTextFile(join(folder, "part")));
    assertEquals(left, "half");
    assertEquals(await listFiles(parent), []);
  });
});

Deno.test("withWorkFolder() passes errors on and leaves nothing", async () => {
  await withFolder(async (parent) => {
    const error = new TypeError("mine");
    const work = () => Promise.reject(error);
    assertEquals(await assertRejects(() => withWorkFolder(join(parent, "work"), work)), error);
    assertEquals(await listFiles(parent), []);
  });
});

Deno.test("withWorkFolder() tells that the disk is full", async () => {
  await withFolder(async (parent) => {
    const cause = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    const work = () => Promise.reject(cause);
    const error = await assertRejects(
      () => withWorkFolder(join(parent, "work"), work),
      Error,
      parent,
    );
    assertEquals(error.cause, cause);
  });
});

Deno.test("withWorkFolder() stops waiting when it is aborted", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "work");
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const first = withWorkFolder(folder, () => {
      begun.resolve();
      return end.promise;
    });
    await begun.promise;
    const controller = new AbortController();
    const onWait = () => controller.abort(new Error("enough"));
    const options = { signal: controller.signal, onWait };
    const second = () => withWorkFolder(folder, () => end.promise, options);
    await assertRejects(second, Error, "enough").finally(end.resolve);
    await first;
  });
});
