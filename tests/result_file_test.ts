import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { FileResult } from "../lib/predict_files.ts";
import { openResultFile } from "../lib/result_file.ts";
import { formatHead, formatResult } from "../lib/result_lines.ts";
import { withFolder } from "./fixtures.ts";

const box = { left: 1, top: 2, width: 3, height: 4 };
const face = { box, label: "with_mask", probability: 0.9, score: 0.5 } as const;
const RESULTS: FileResult[] = [
  { file: "one.jpg", label: "with_mask", probability: 0.97 },
  { file: 'odd "name",\nbroken.jpg', error: "not a\nreadable, photo" },
  { file: "crowd.jpg", faces: [face, face, face] },
  { file: "wall.jpg", faces: [] },
];

for (const format of ["json", "csv"] as const) {
  const whole = formatHead(format) + RESULTS.map((result) => formatResult(result, format)).join("");

  Deno.test(`openResultFile() goes on with ${format} that was cut anywhere, to the same end`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "results");
      const bytes = new TextEncoder().encode(whole);
      for (let cut = 0; cut <= bytes.length; cut++) {
        await Deno.writeFile(path, bytes.subarray(0, cut));
        const results = await openResultFile(path, { format, resume: true });
        let missing = 0;
        for (const result of RESULTS) {
          if (results.has(result.file)) continue;
          missing++;
          await results.write(result);
        }
        results.close();
        assertEquals([cut, results.earlier.results], [cut, RESULTS.length - missing]);
        assertEquals([cut, await Deno.readTextFile(path)], [cut, whole]);
      }
    });
  });

  Deno.test(`openResultFile() counts what ${format} held`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "results");
      await Deno.writeTextFile(path, whole);
      await assertRejects(
        () => openResultFile(path, { format }),
        Deno.errors.AlreadyExists,
        "resume",
      );
      const results = await openResultFile(path, { format, resume: true });
      assertEquals(results.earlier, { results: 4, errors: 1 });
      assert(results.has("wall.jpg") && !results.has("wall.jpeg"));
      results.close();
    });
  });
}

Deno.test("openResultFile() refuses what is no file of results, and leaves it alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "notes.txt");
    const cases = [["json", "dear diary\n"], ["json", "[1]\n"], ["json", "null\n"], [
      "csv",
      "a,b\n",
    ]] as const;
    for (const [format, text] of cases) {
      await Deno.writeTextFile(path, text);
      await assertRejects(
        () => openResultFile(path, { format, resume: true }),
        Deno.errors.InvalidData,
        "record 1 of ",
      );
      assertEquals(await Deno.readTextFile(path), text);
    }
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
