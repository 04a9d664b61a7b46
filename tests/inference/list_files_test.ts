import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, relative } from "node:path";
import { listFiles } from "../../lib/inference/list_files.ts";
import { withFolder } from "../fixtures/photos.ts";

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
    const [gone, still] = await Array.fromAsync(listFiles([`${folder}/gone/*.jpg`]));
    assertMatch(gone!.reason!, /gone cannot be listed: /);
    assertEquals(still!.reason, "no file matches this pattern");
  });
});

Deno.test("listFiles() gives folders and patterns in natural order, folders among the files", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "5"));
    const names = ["1.jpg", "01.jpg", "2.jpg", "5/9.jpg", "5/11.jpg", "10.jpg", "100.jpg"];
    const words = ["a.jpg", "A2.jpg", "A10.jpg", "B.jpg", "é.jpg", "f 2.jpg", "f 10.jpg"];
    const expected = ["01.jpg", ...names.filter((name) => name !== "01.jpg"), ...words];
    for (const name of expected.toReversed()) await Deno.writeTextFile(join(folder, name), "");
    for (const path of [folder, `${folder}/**`]) {
      const listed = await Array.fromAsync(listFiles([path]));
      assertEquals(listed.map(({ file }) => relative(folder, file)), expected);
    }
    const given = ["10.jpg", "2.jpg"].map((name) => join(folder, name));
    const listed = await Array.fromAsync(listFiles(given));
    assertEquals(listed.map(({ file }) => file), given); // as the user wrote them
  });
});

Deno.test("listFiles() lists photos that cannot be read, so that each is named", async () => {
  await withFolder(async (folder) => {
    const names = ["1.png", "IMG_2.HEIC", "IMG_3.heif", "IMG_4.bmp", "IMG_5.jxl"];
    for (const name of [...names, "notes.txt"]) await Deno.writeTextFile(join(folder, name), "");
    const listed = await Array.fromAsync(listFiles([folder]));
    assertEquals(listed, names.map((name) => ({ file: join(folder, name) })));
  });
});

Deno.test("listFiles() says which folder has no photo", async () => {
  await withFolder(async (folder) => {
    const [text, empty, full] = ["text", "empty", "full"].map((name) => join(folder, name));
    for (const path of [`${text}/deep`, empty!, full!]) await Deno.mkdir(path, { recursive: true });
    for (const file of [`${text}/deep/notes.txt`, `${full}/1.jpg`]) {
      await Deno.writeTextFile(file, "");
    }
    const listed = await Array.fromAsync(listFiles([text!, full!, empty!]));
    assertEquals(listed.map(({ file }) => file), [text, `${full}/1.jpg`, empty]);
    assertEquals(listed[1]!.reason, undefined);
    for (const i of [0, 2]) {
      assertStringIncludes(listed[i]!.reason!, "no photo in this folder");
      assertStringIncludes(listed[i]!.reason!, "jpg, jpeg");
    }
  });
});

/** The folders that listing the paths reads, and what it gives; those named `locked` cannot be read. */
async function listWatched(paths: string[]) {
  const read: string[] = [];
  const readDir = Deno.readDir;
  Deno.readDir = (path) => {
    read.push(String(path));
    if (/locked$/.test(String(path))) throw new Deno.errors.PermissionDenied("locked");
    return readDir(path);
  };
  try {
    return { listed: await Array.fromAsync(listFiles(paths)), read };
  } finally {
    Deno.readDir = readDir;
  }
}

Deno.test("listFiles() reads no folder deeper than a pattern goes", async () => {
  await withFolder(async (folder) => {
    await makeTree(folder);
    for (const name of ["locked", "a/locked"]) await Deno.mkdir(join(folder, name));
    const cases: [pattern: string, read: string[], files: string[]][] = [
      ["*.jpg", [""], ["1.jpg"]],
      ["./*.jpg", [""], ["1.jpg"]],
      ["{1,a/2}.*", ["", "a", "b", "locked"], ["1.jpg", "a/2.PNG", "locked"]],
      ["a/*", ["a"], ["a/2.PNG"]],
      ["**/*.webp", ["", "a", "a/deep", "a/locked", "b", "locked"], [
        "a/deep/3.webp",
        "a/locked",
        "locked",
      ]],
    ];
    for (const [pattern, read, files] of cases) {
      const seen = await listWatched([`${folder}/${pattern}`]);
      assertEquals([pattern, seen.read.map((path) => relative(folder, path)).sort()], [
        pattern,
        read,
      ]);
      assertEquals([pattern, seen.listed.map(({ file }) => relative(folder, file)).sort()], [
        pattern,
        files,
      ]);
    }
  });
});

Deno.test("listFiles() says that nothing was found beside a folder that cannot be listed, once", async () => {
  await withFolder(async (folder) => {
    const locked = join(folder, "locked"), pattern = `${folder}/*/*.jpg`;
    await Deno.mkdir(locked);
    const cannot = { file: locked, reason: "locked cannot be listed: locked" };
    assertEquals((await listWatched([pattern])).listed, [
      cannot,
      { file: pattern, reason: "no file matches this pattern" },
    ]);
    assertEquals((await listWatched([locked])).listed, [cannot]);
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
