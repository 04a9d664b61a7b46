/**
 * Lists the files that paths, folders and patterns match.
 *
 * Existing packages do not suffice. Node's `glob` silently skips unreadable folders, in the order of the file
 * system; tinyglobby, fdir and globby keep all paths in memory.
 */
import { basename, join, sep } from "node:path";
import { matchesGlob } from "node:path";
import { PHOTO_EXTENSIONS, UNREADABLE_EXTENSIONS } from "../images/file_format.ts";

/** A file; or a folder or pattern without files, with the reason. */
export interface ListedFile {
  file: string;
  reason?: string;
}

const PHOTO = new RegExp(`\\.(${[...PHOTO_EXTENSIONS, ...UNREADABLE_EXTENSIONS].join("|")})$`, "i");
const NO_PHOTO = `no photo in this folder: a photo's extension must be ${
  PHOTO_EXTENSIONS.join(", ")
}`;
/** Characters that make a path a pattern. */
const MAGIC = /[*?[{]/;

/** Sorts "2.jpg" before "10.jpg". */
const natural = new Intl.Collator("en", { numeric: true });

/**
 * Lists the files that paths match, in the order of the paths.
 *
 * - A folder matches the photos in it and in its subfolders, by extension: JPEG, PNG, WEBP, GIF, TIFF, AVIF, and
 *   formats that cannot be read, such as HEIC and camera RAW. Hidden files are skipped; links to folders are not
 *   followed.
 * - A pattern (`*`, `**`, `?`, `[a-c]`, `{a,b}`) matches files by their paths.
 * - Any other path is a file, which need not exist.
 *
 * Files of folders and patterns are in natural order. Memory grows with the size of one folder, not with the
 * total. A folder without photos, a pattern without files and an unreadable folder are listed with the reason.
 *
 * @example
 * ```ts
 * import { listFiles } from "./list_files.ts";
 *
 * for await (const { file } of listFiles(["one.jpg", "two.jpg"])) console.log(file);
 * ```
 */
export async function* listFiles(
  paths: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<ListedFile> {
  for await (const path of paths) {
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isDirectory) yield* orWhyNone(path, NO_PHOTO, walk(path, (file) => PHOTO.test(file)));
    else if (info || !MAGIC.test(path)) yield { file: path };
    else yield* matchPattern(path);
  }
}

function matchPattern(pattern: string): AsyncGenerator<ListedFile> {
  const parts = pattern.split("/");
  const fixed = parts.slice(0, parts.findIndex((part) => MAGIC.test(part)));
  const folder = fixed.length === 0 ? "." : fixed.join("/") || "/";
  // `join` normalizes the paths, so the pattern is normalized too.
  const cleaned = join(pattern);
  const depth = (path: string) => path.split(sep).length;
  // Folders deeper than the pattern cannot match, and may hold a whole disk.
  const deepest = cleaned.includes("**") ? Infinity : depth(cleaned);
  const files = walk(
    folder,
    (file) => matchesGlob(file, cleaned),
    (inner) => depth(inner) < deepest,
  );
  return orWhyNone(pattern, "no file matches this pattern", files);
}

/** Yields the files of a path or, if there is none, the path with the reason. */
async function* orWhyNone(
  path: string,
  reason: string,
  listed: AsyncIterable<ListedFile>,
): AsyncGenerator<ListedFile> {
  let told = false;
  for await (const it of listed) {
    told ||= it.reason === undefined || it.file === path; // one reason per path is enough
    yield it;
  }
  if (!told) yield { file: path, reason };
}

/** Lists the matching files under a folder, in natural order. */
async function* walk(
  folder: string,
  isMeant: (file: string) => boolean,
  isEntered: (folder: string) => boolean = () => true,
): AsyncGenerator<ListedFile> {
  const names: string[] = [], folders = new Set<string>();
  let reason: string | undefined;
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (name.startsWith(".") || !(isDirectory ? isEntered : isMeant)(path)) continue;
      if (!isDirectory && !isFile && !await isLinkToFile(path)) continue;
      names.push(name);
      if (isDirectory) folders.add(name);
    }
  } catch (error) {
    reason = `${basename(folder)} cannot be listed: ${(error as Error).message}`;
  }
  names.sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1)); // "1.jpg" is equal to "01.jpg"
  for (const name of names) {
    const path = join(folder, name);
    if (folders.has(name)) yield* walk(path, isMeant, isEntered);
    else yield { file: path };
  }
  if (reason !== undefined) yield { file: folder, reason };
}

async function isLinkToFile(file: string): Promise<boolean> {
  return await Deno.stat(file).then(({ isFile }) => isFile, () => true); // a broken link is reported later
}
