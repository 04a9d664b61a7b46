import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { FileResult } from "../../lib/inference/predict_files.ts";
import { openResultFile } from "../../lib/inference/result_file.ts";
import { formatHead, formatResult } from "../../lib/inference/result_lines.ts";
import { withFolder } from "../fixtures/photos.ts";

const box = { left: 1, top: 2, width: 3, height: 4 };
const face = { box, label: "with_mask", probability: 0.9, score: 0.5 } as const;
const RESULTS: FileResult[] = [
  { file: "one.jpg", label: "with_mask", probability: 0.97 },
  { file: 'odd "name",\nbroken.jpg', error: "not a\nreadable, photo" },
  { file: "crowd.jpg", faces: [face, face, face] },
  { file: "wall.jpg", faces: [] },
  { file: "\u2028 ä\u202e.jpg", error: "é" },
];

const format = "json";
const write = (results: readonly FileResult[]) =>
  results.map((result) => formatResult(result, format)).join("");
const whole = write(RESULTS);

Deno.test("openResultFile() goes on with a file that was cut anywhere, to the same end", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results");
    const encoder = new TextEncoder(), bytes = encoder.encode(whole);
    for (let cut = 0; cut <= bytes.length; cut++) {
      // A line is whole without its line end.
      const isKept = (result: FileResult, i: number) =>
        !("error" in result) && encoder.encode(write(RESULTS.slice(0, i + 1))).length <= cut + 1;
      const kept = RESULTS.filter(isKept);
      const others = RESULTS.filter((result) => !kept.includes(result));
      await Deno.writeFile(path, bytes.subarray(0, cut));
      const results = await openResultFile(path, { format, resume: true });
      assertEquals([cut, results.earlier], [cut, kept.length]);
      assertEquals(RESULTS.filter(({ file }) => results.has(file)), kept);
      for (const result of others) await results.write(result);
      results.close();
      assertEquals([cut, await Deno.readTextFile(path)], [cut, write([...kept, ...others])]);
    }
  });
});

Deno.test("openResultFile() counts what the file held", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results");
    await Deno.writeTextFile(path, whole);
    await assertRejects(
      () => openResultFile(path, { format }),
      Deno.errors.AlreadyExists,
      "resume",
    );
    const results = await openResultFile(path, { format, resume: true });
    assertEquals(results.earlier, 3);
    assert(results.has("wall.jpg") && !results.has("wall.jpeg"));
    results.close();
  });
});

Deno.test("openResultFile() does not mix kinds of results", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results");
    const [one, error, ...crowd] = RESULTS;
    for (
      const [results, faces] of [[[error!, one!], false], [[...crowd, error!], true]] as const
    ) {
      const text = write(results);
      await Deno.writeTextFile(path, text);
      await assertRejects(
        () => openResultFile(path, { format, resume: true, faces: !faces }),
        Deno.errors.InvalidData,
        faces
          ? "all faces per photo, such as crowd.jpg, not of one"
          : "such as one.jpg, not of all",
      );
      assertEquals(await Deno.readTextFile(path), text);
      const file = await openResultFile(path, { format, resume: true, faces });
      assertEquals(file.earlier, faces ? 2 : 1);
      file.close();
    }
  });
});

Deno.test("openResultFile() has errors tried again, and drops them", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results"), link = join(folder, "link");
    const broken = RESULTS[1]!.file;
    const once: FileResult[] = [{ file: "no.jpg", error: "not there" }, ...RESULTS];
    await Deno.writeTextFile(path, write(once), { mode: 0o640 });
    await Deno.symlink(path, link);
    const results = await openResultFile(link, { format, resume: true });
    const kept = RESULTS.filter((result) => !("error" in result));
    assertEquals(await Deno.readTextFile(path), write(kept));
    assert(!results.has(broken) && !results.has("no.jpg") && results.has("crowd.jpg"));
    const mended: FileResult = { file: broken, faces: [face, face] };
    await results.write(mended);
    results.close();
    assertEquals(await Deno.readTextFile(path), write([...kept, mended]));

    const again = await openResultFile(path, { format, resume: true });
    assertEquals([again.earlier, again.has(broken)], [4, true]);
    again.close();
    assertEquals([(await Deno.stat(path)).mode! & 0o777, (await Deno.lstat(link)).isSymlink], [
      0o640,
      true,
    ]);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 2);
  });
});

Deno.test("openResultFile() writes CSV, but does not resume it", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results.csv");
    const results = await openResultFile(path, { format: "csv" });
    for (const result of RESULTS) await results.write(result);
    results.close();
    const text = formatHead("csv") + RESULTS.map((it) => formatResult(it, "csv")).join("");
    assertEquals(await Deno.readTextFile(path), text);
    await assertRejects(
      () => openResultFile(path, { format: "csv", resume: true }),
      TypeError,
      "format must be json to resume, got csv",
    );
    assertEquals(await Deno.readTextFile(path), text);
  });
});

Deno.test("openResultFile() refuses a file without results, and leaves it unchanged", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "notes.txt");
    const cases = [
      ["dear diary\n"],
      ["[1]\n"],
      ["null\n"],
      ["7\n"],
      ['{"photos":[1,2,3],"mine":true}'],
      ['{"file":"a.jpg","size":3}\n'],
      ["dear diary"],
      [formatHead("csv")],
      // What stands behind results of ours must be ours too.
      ['{"file":"a.jpg","faces":[]}\ndear diary', 2],
      ['{"file":"a.jpg","error":"no photo"}\ndear diary', 2],
      ['{"file":"a.jpg","faces":[]}\n{"fi\n{"file":"b.jpg","faces":[]}\n', 2],
    ] as const;
    for (const [text, number = 1] of cases) {
      await Deno.writeTextFile(path, text);
      await assertRejects(
        () => openResultFile(path, { format: "json", resume: true }),
        Deno.errors.InvalidData,
        `line ${number} of ${path} is not a result: `,
      );
      assertEquals(await Deno.readTextFile(path), text);
    }
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
    await assertRejects(
      () => openResultFile(join(folder, "no/file"), { format: "json" }),
      Deno.errors.NotFound,
    );
  });
});

Deno.test("openResultFile() knows 20,000 names again", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "results");
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"file":"${i}.jpg","faces":[]}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    const results = await openResultFile(path, { format: "json", resume: true });
    for (let i = 0; i < 20_000; i += 997) assert(results.has(`${i}.jpg`));
    for (let i = 20_000; i < 21_000; i++) assert(!results.has(`${i}.jpg`));
    results.close();
  });
});
