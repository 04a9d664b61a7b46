/** What the tests of archives and downloads need: zips made by code, and folders to compare. */
import { join, relative } from "@std/path";
import {
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipWriter,
  type ZipWriterAddDataOptions,
} from "@zip.js/zip.js";
import { seededRandom } from "../lib/random.ts";

/** File names to what is in them. */
export type Tree = Record<string, Uint8Array>;

/** Files like a small data set: some that compress, some that do not, one empty. */
export function makeTree(seed: number, bytes = 10_000): Tree {
  const random = seededRandom(seed);
  const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256);
  const text = new TextEncoder().encode(`<name>with_mask</name>${seed}\n`.repeat(bytes / 40));
  return {
    "data/with_mask/a.jpg": noise(bytes),
    "data/with_mask/größe.jpg": noise(bytes * 2),
    "data/without_mask/c.jpg": noise(bytes),
    "annotations/a.xml": text,
    "empty.txt": new Uint8Array(),
  };
}

/** A zip of those files, byte for byte the same each time. */
export async function makeZip(
  tree: Tree,
  options: ZipWriterAddDataOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, bytes] of Object.entries(tree)) {
    const reader = name.endsWith("/") ? undefined : new Uint8ArrayReader(bytes);
    await zip.add(name, reader, {
      lastModDate: new Date(2020, 0, 1),
      extendedTimestamp: false,
      ...options,
    });
  }
  return Uint8Array.from(await zip.close());
}

/** All files under a folder, but for the marker of `unpackArchive`. */
export async function readTree(folder: string): Promise<Tree> {
  const tree: Tree = {};
  for (const file of await listFiles(folder)) {
    if (file !== ".unpacked") tree[file] = await Deno.readFile(join(folder, file));
  }
  return tree;
}

/** The names of all files under a folder, sorted. */
export async function listFiles(folder: string, root = folder): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await listFiles(path, root));
    else files.push(relative(root, path).replaceAll("\\", "/"));
  }
  return files.sort();
}

/** Runs `work` with a new temporary folder, and removes it. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "face-mask-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
