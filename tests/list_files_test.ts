import { assertEquals, assertMatch } from "@std/assert";
import { join, relative } from "@std/path";
import { listFiles } from "../lib/list_files.ts";
import { withFolder } from "./fixtures.ts";

async function makeTree(folder: string): Promise<void> {
  for (const name of ["a/deep", "b", ".hidden"]) {
    await Deno.mkdir(join(folder, name), { recursive: true });
  }
  const names = ["1.jpg", "a/2.PNG", "a/deep/3.webp", "b/4.jpeg", "b/notes.txt", ".hidden/5.jpg"];
  for (const name of [...names, "a/.6.jpg", "b/[7].jpg"]) {
    await Deno.writeTextFile(join(folder, name), "");
  }
  await Deno.symlink(join(folder, "a/2.PNG"), join(folder, "b/link.png"));
  await Deno.symlink(folder, join(folder, "b/loop"));
}

Deno.test("listFiles() gives what files, folders and patterns mean", async () => {
  await withFolder(async (folder) => {
    await makeTree(folder);
    const all = ["1.jpg", "a/2.PNG", "a/deep/3.webp", "b/4.jpeg", "b/[7].jpg", "b/link.png"];
    const cases: [string[], string[]][] = [
      [["."], all],
      [["./"], all],
      [["a", "b/notes.txt"], ["a/2.PNG", "a/deep/3.webp", "b/notes.txt"]],
      [["missing.jpg"], ["missing.jpg"]],
      [["*.jpg"], ["1.jpg"]],
      [["**/*.jp*g"], ["1.jpg", "b/4.jpeg", "b/[7].jpg"]],
      [["a/**"], ["a/2.PNG", "a/deep/3.webp"]],
      [["{a,b}/[0-4].*"], ["a/2.PNG", "b/4.jpeg"]],
      [["b/*.txt"], ["b/notes.txt"]],
      [["b/[7].jpg"], ["b/[7].jpg"]],
      [["1.jpg", "1.jpg"], ["1.jpg", "1.jpg"]],
      [[], []],
    ];
    for (const [paths, expected] of cases) {
      const listed = await Array.fromAsync(listFiles(paths.map((path) => `${folder}/${path}`)));
      const files = listed.map(({ file, reason }) => {
        assertEquals(reason, undefined);
        return relative(folder, file);
      });
      assertEquals([paths, files.sort()], [paths, expected.sort()]);
    }
  });
});

Deno.test("listFiles() says which pattern matches nothing, and which folder cannot be listed", async () => {
  await withFolder(async (folder) => {
    const [none] = await Array.fromAsync(listFiles([`${folder}/*.jpg`]));
    assertEquals(none, { file: `${folder}/*.jpg`, reason: "no file matches this pattern" });
    const [gone] = await Array.fromAsync(listFiles([`${folder}/gone/*.jpg`]));
    assertMatch(gone!.reason!, /gone cannot be listed: /);
  });
});

Deno.test("listFiles() lists no further than it is asked to", async () => {
  let asked = 0;
  function* endless() {
    while (true) yield `${asked++}.jpg`;
  }
  for await (const { file } of listFiles(endless())) if (file === "9.jpg") break;
  assertEquals(asked, 10);
});
