import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readCorrections } from "../lib/data/corrections.ts";
import { readLabelText } from "../lib/data/decode_text.ts";
import { readFaceKinds } from "../lib/evaluation/labelled_slices.ts";
import { readRegularFile, withWorkFolder, writeWhole, writeWholeFolder } from "../lib/files.ts";
import { decodePhoto } from "../lib/images/decode_image.ts";
import { loadImages } from "../lib/images/load_images.ts";
import { openResultFile } from "../lib/inference/result_file.ts";
import { loadCheckpoint } from "../lib/training/checkpoint.ts";
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

Deno.test("writeWhole() writes bytes, text and what a function writes, and nothing else", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "new", `${"ä".repeat(120)}.txt`); // 244 bytes
    for (
      const [content, text] of [
        [new TextEncoder().encode("one"), "one"],
        ["two", "two"],
        [(temporary: string) => Deno.writeTextFile(temporary, "three"), "three"],
      ] as const
    ) {
      await writeWhole(file, content);
      assertEquals(await Deno.readTextFile(file), text);
    }
    assertEquals((await listFiles(folder)).length, 1);
  });
});

Deno.test("writeWhole() leaves the old file and no other if it fails", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "notes.txt");
    await writeWhole(file, "old");
    const wrong = new TypeError("mine");
    const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    for (const reason of [wrong, full]) {
      const error = await assertRejects(() =>
        writeWhole(file, async (temporary) => {
          await Deno.writeTextFile(temporary, "half");
          throw reason;
        })
      ) as Error;
      assertEquals(error === reason || error.cause === reason, true);
      assertEquals(error.message.includes("is full: make room"), reason === full);
      assertEquals(await Deno.readTextFile(file), "old");
    }
    assertEquals(await listFiles(folder), ["notes.txt"]);
  });
});

Deno.test("writeWhole() keeps a link, and the permissions of the file that it replaces", async () => {
  await withFolder(async (folder) => {
    const [file, link] = [join(folder, "notes.txt"), join(folder, "link")];
    await Deno.writeTextFile(file, "old", { mode: 0o640 });
    await Deno.symlink(file, link);
    await writeWhole(link, "new");
    assertEquals(await Deno.readTextFile(file), "new");
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o640);
    assert((await Deno.lstat(link)).isSymlink);
  });
});

Deno.test("writeWhole() shows the old file or the new one to whoever reads meanwhile", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "letters");
    const letters = [..."abcdefgh"].map((letter) => letter.repeat(1_000_000));
    await writeWhole(file, letters[0]!);
    const writing = Promise.all(letters.map((text) => writeWhole(file, text)));
    for (let i = 0; i < 20; i++) assert(letters.includes(await Deno.readTextFile(file)));
    await writing;
    assertEquals(await listFiles(folder), ["letters"]);
  });
});

Deno.test("writeWholeFolder() replaces a folder, and returns the function's result", async () => {
  await withFolder(async (parent) => {
    const [folder, link] = [join(parent, "notes"), join(parent, "link")];
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "old.txt"), "old");
    await Deno.symlink(folder, link);
    const result = await writeWholeFolder(link, async (temporary) => {
      await Deno.mkdir(join(temporary, "deep"));
      await Deno.writeTextFile(join(temporary, "deep/new.txt"), "new", { mode: 0o444 });
      assertEquals(await Deno.readTextFile(join(folder, "old.txt")), "old");
      return 7;
    });
    assertEquals(result, 7);
    assertEquals(await listFiles(folder), ["deep/new.txt"]);
    assert((await Deno.lstat(link)).isSymlink);
    assertEquals((await Array.fromAsync(Deno.readDir(parent))).length, 2);
  });
});

Deno.test("writeWholeFolder() leaves the old folder and no other if it fails", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "notes");
    await writeWholeFolder(folder, (made) => Deno.writeTextFile(join(made, "1.txt"), "old"));
    const fill = async (made: string) => {
      await Deno.writeTextFile(join(made, "1.txt"), "new");
      throw new TypeError("mine");
    };
    await assertRejects(() => writeWholeFolder(folder, fill), TypeError, "mine");
    const { rename } = Deno;
    Deno.rename = (from, to) =>
      to === folder && String(from).endsWith("made")
        ? Promise.reject(new Error("busy"))
        : rename(from, to);
    await assertRejects(() => writeWholeFolder(folder, () => Promise.resolve()), Error, "busy")
      .finally(() => Deno.rename = rename);
    assertEquals(await Deno.readTextFile(join(folder, "1.txt")), "old");
    assertEquals(await listFiles(parent), ["notes/1.txt"]);
  });
});

Deno.test("writeWholeFolder() does not put a folder in a file's place", async () => {
  await withFolder(async (parent) => {
    const file = join(parent, "notes");
    await Deno.writeTextFile(file, "mine");
    const write = () => writeWholeFolder(file, () => Promise.resolve());
    await assertRejects(write, Deno.errors.NotADirectory, "notes is not a folder");
    assertEquals(await Deno.readTextFile(file), "mine");
  });
});

Deno.test("writeWholeFolder() fills a folder once for concurrent callers", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "notes");
    let filled = 0;
    const isDone = () => Deno.stat(join(folder, "1.txt")).then(() => true, () => false);
    const fill = async (made: string) => {
      await Deno.writeTextFile(join(made, "1.txt"), "");
      return ++filled;
    };
    const results = await Promise.all(
      Array.from({ length: 4 }, () => writeWholeFolder(folder, fill, { isDone })),
    );
    assertEquals(results.sort(), [1, undefined, undefined, undefined]);
    assertEquals(await listFiles(parent), ["notes/1.txt"]);
  });
});

Deno.test("writeWholeFolder() mends what a killed process left, at any of its steps", async () => {
  await withFolder(async (parent) => {
    const [folder, work] = [join(parent, "notes"), join(parent, ".notes-part")];
    const write = (text: string) =>
      writeWholeFolder(folder, (made) => Deno.writeTextFile(join(made, "1.txt"), text));
    await write("old");
    // Killed while it filled the folder.
    await Deno.mkdir(join(work, "made/deep"), { recursive: true });
    await Deno.writeTextFile(`${work}.lock`, "");
    await write("newer");
    assertEquals(await listFiles(parent), ["notes/1.txt"]);
    // Killed between its two renames: the old folder comes back even if the next one fails.
    await Deno.mkdir(join(work, "made"), { recursive: true });
    await Deno.rename(folder, join(work, "old"));
    const fail = () => Promise.reject(new TypeError("mine"));
    await assertRejects(() => writeWholeFolder(folder, fail), TypeError);
    assertEquals(await Deno.readTextFile(join(folder, "1.txt")), "newer");
    assertEquals(await listFiles(parent), ["notes/1.txt"]);
  });
});

Deno.test({
  name: "no reader of lib opens a pipe, a device, or a file of 20 GB",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withFolder(async (folder) => {
      const hostile: [name: string, program: string, args: (file: string) => string[]][] = [
        ["pipe", "mkfifo", (file) => [file]],
        ["device", "ln", (file) => ["-s", "/dev/zero", file]],
        ["sparse", "truncate", (file) => ["-s", "20G", file]],
      ];
      for (const [name, program, args] of hostile) {
        const file = join(folder, name);
        await new Deno.Command(program, { args: args(file) }).output();
        const readers: Record<string, () => Promise<unknown>> = {
          readRegularFile: () => readRegularFile(file, 1000),
          loadCheckpoint: () => loadCheckpoint(file),
          readFaceKinds: () => readFaceKinds(file),
          readCorrections: () => readCorrections(file),
          readLabelText: () => readLabelText(file),
          decodePhoto: () => decodePhoto(file),
          loadImages: async () => {
            const sample = { file, className: "with_mask" } as const;
            const { unreadable } = await loadImages([sample], { cache: join(folder, "cache") });
            throw new Error(unreadable[0]!.reason);
          },
          ...(name !== "sparse" && {
            openResultFile: () => openResultFile(file, { format: "json", resume: true }),
          }),
        };
        for (const [reader, read] of Object.entries(readers)) {
          const began = performance.now();
          const refused = await read().then(() => false, () => true);
          const isQuick = performance.now() - began < 5000;
          assertEquals([name, reader, refused, isQuick], [name, reader, true, true]);
        }
      }
    });
  },
});
