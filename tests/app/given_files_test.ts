import { assertEquals } from "@std/assert";
import { readGivenFiles } from "../../app/given_files.ts";

/** A file or folder of a file manager, as browsers give it; folders give two entries at a time. */
type Tree = { [name: string]: Tree | File | Error };

function toEntry(name: string, tree: Tree | File | Error, parent = ""): unknown {
  const fullPath = `${parent}/${name}`;
  if (tree instanceof File || tree instanceof Error) {
    return {
      isDirectory: false,
      fullPath,
      file: (resolve: (file: File) => void, reject: (error: Error) => void) =>
        tree instanceof File ? resolve(tree) : reject(tree),
    };
  }
  const waiting = Object.entries(tree);
  return {
    isDirectory: true,
    fullPath,
    createReader: () => ({
      readEntries: (resolve: (entries: unknown[]) => void, reject: (error: Error) => void) =>
        tree["cannot be opened"] instanceof Error
          ? reject(tree["cannot be opened"])
          : resolve(waiting.splice(0, 2).map(([name, it]) => toEntry(name, it, fullPath))),
    }),
    file: (_: unknown, reject: (error: Error) => void) => reject(new Error("a folder")),
  };
}

const give = (...items: { kind: string; entry?: unknown; file?: File }[]) =>
  readGivenFiles({
    items: items.map(({ kind, entry = null, file = null }) => ({
      kind,
      webkitGetAsEntry: () => entry,
      getAsFile: () => file,
    })),
  } as unknown as DataTransfer);

const file = (name: string, type = "") => new File(["1"], name, { type });

Deno.test("readGivenFiles() takes pictures of folders in natural order, whatever cannot be opened", async () => {
  const denied = new Error("denied");
  const album: Tree = {
    "10.jpg": file("10.jpg", "image/jpeg"),
    "9.jpg": file("9.jpg", "image/jpeg"),
    "gone.jpg": denied,
    "IMG_1.HEIC": file("IMG_1.HEIC"),
    "._9.jpg": file("._9.jpg", "image/jpeg"),
    "labels.xml": file("labels.xml", "text/xml"),
    deep: { er: { "a.png": file("a.png", "image/png") }, shut: { "cannot be opened": denied } },
  };
  const { files, ...counts } = await give({ kind: "file", entry: toEntry("album", album) });
  assertEquals(files.map(({ name }) => name), [
    "album/9.jpg",
    "album/10.jpg",
    "album/deep/er/a.png",
    "album/IMG_1.HEIC",
  ]);
  assertEquals(counts, { skipped: 2, lost: 2 });
});

Deno.test("readGivenFiles() takes single files whatever their names, and numbers pictures without one", async () => {
  const text = file("notes.txt", "text/plain"), pasted = file("image.png", "image/png");
  const { files, ...counts } = await give(
    { kind: "string" },
    { kind: "file", entry: toEntry("notes.txt", text), file: text },
    { kind: "file", file: pasted },
    { kind: "file", file: pasted },
    { kind: "file", file: file("7.jpg", "image/jpeg") },
  );
  assertEquals(files.map(({ name }) => name), ["notes.txt", "picture 1", "picture 2", "7.jpg"]);
  assertEquals(counts, { skipped: 0, lost: 0 });
});
