/** The entries of folders, without what operating systems leave there. */
import { basename, extname, join } from "node:path";

/** The folders and the files in a folder, in code-unit order. */
export interface Listing {
  folders: string[];
  files: string[];
}

/** Lists a folder, once: the next time it gives what it found then. */
export type ListFolder = (folder: string) => Promise<Listing>;

/** What operating systems leave in folders, beside names that start with a dot. */
const CLUTTER = new Set(["Thumbs.db", "desktop.ini", "__MACOSX"]);
/** How photos' names end, those that cannot be read too: they are listed with the reason. */
const PHOTO = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|heic|heif|bmp)$/i;
/** Folders looked into, one in the other, within a folder of photos. */
const MAX_DEPTH = 6;

/** Whether a file is a photo by the end of its name. */
export function isPhotoName(name: string): boolean {
  return PHOTO.test(name);
}

/** A file's name without its ending. */
export function stem(name: string): string {
  return basename(name, extname(name));
}

/** Lists folders as long as one data set is looked at; links count as what they point to. */
export function rememberFolders(): ListFolder {
  const known = new Map<string, Promise<Listing>>();
  return (folder) => {
    const listing = known.get(folder) ?? listFolder(folder);
    known.set(folder, listing);
    return listing;
  };
}

async function listFolder(folder: string): Promise<Listing> {
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

/** Lists the files in a folder and in its folders, by their path in it: its own first, each folder once. */
export async function* walkFiles(
  list: ListFolder,
  folder: string,
  within = "",
  entered: readonly string[] = [],
): AsyncGenerator<string> {
  const here = join(folder, within);
  const real = await Deno.realPath(here);
  if (entered.includes(real)) return; // a link back to where it lies
  const { files, folders } = await list(here);
  for (const name of files) yield join(within, name);
  if (entered.length === MAX_DEPTH) return;
  for (const name of folders) {
    yield* walkFiles(list, folder, join(within, name), [...entered, real]);
  }
}
