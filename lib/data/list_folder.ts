/** The entries of one folder, without what operating systems leave there. */
import { basename, extname, join } from "@std/path";

/** What operating systems leave in folders, beside names that start with a dot. */
const CLUTTER = new Set(["Thumbs.db", "desktop.ini", "__MACOSX"]);

/** The folders and the files in a folder, in code-unit order; links count as what they point to. */
export async function listFolder(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const folders: string[] = [], files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(".") || CLUTTER.has(entry.name)) continue;
    const { isDirectory } = entry.isSymlink
      ? await Deno.stat(join(folder, entry.name)).catch(() => entry)
      : entry;
    (isDirectory ? folders : files).push(entry.name);
  }
  return { folders: folders.sort(), files: files.sort() };
}

/** A file's name without its ending. */
export function stem(name: string): string {
  return basename(name, extname(name));
}
