/**
 * Files, folders and patterns to the files that they stand for.
 *
 * Ours, as nothing else does all of it: node's `glob` passes over folders that it cannot read without a word,
 * and its order is the file system's; tinyglobby, fdir and globby hold all paths in memory.
 */
import { basename, join, sep } from "node:path";
import { matchesGlob } from "node:path";
import { PHOTO_EXTENSIONS, UNREADABLE_EXTENSIONS } from "../images/file_format.ts";

/** A file, or a folder or pattern that gives none and why. */
export interface ListedFile {
  file: string;
  reason?: string;
}

const PHOTO = new RegExp(`\\.(${[...PHOTO_EXTENSIONS, ...UNREADABLE_EXTENSIONS].join("|")})$`, "i");
const NO_PHOTO = `no photo in this folder: a photo's extension must be ${
  PHOTO_EXTENSIONS.join(", ")
}`;
/** What makes a path a pattern. */
const MAGIC = /[*?[{]/;

/** "2.jpg" before "10.jpg". */
const natural = new Intl.Collator("en", { numeric: true });

/**
 * Lists the files that paths stand for, in the order of the paths.
 *
 * - A folder stands for the photos in it and in its folders, by their extensions: JPEG, PNG, WEBP, GIF, TIFF,
 *   AVIF, and those that cannot be read, such as HEIC and cameras' raw files. Hidden files are passed over;
 *   links to folders are not followed.
 * - A pattern (`*`, `**`, `?`, `[a-c]`, `{a,b}`) stands for all files whose path it matches.
 * - Anything else is a file, whether or not it is there.
 *
 * Folders and patterns give their files in natural order. Memory grows with the names in one folder, not with
 * their number in all. A folder without photos, a pattern without files and a folder that cannot be listed
 * come with the reason.
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
  // `join` cleans the paths that are walked, so the pattern is cleaned alike.
  const cleaned = join(pattern);
  const depth = (path: string) => path.split(sep).length;
  // What lies deeper than the pattern cannot match: it may be a whole disk, or another user's.
  const deepest = cleaned.includes("**") ? Infinity : depth(cleaned);
  const files = walk(
    folder,
    (file) => matchesGlob(file, cleaned),
    (inner) => depth(inner) < deepest,
  );
  return orWhyNone(pattern, "no file matches this pattern", files);
}

/** What is listed for a path; if there is no file, the reason after it. */
async function* orWhyNone(
  path: string,
  reason: string,
  listed: AsyncIterable<ListedFile>,
): AsyncGenerator<ListedFile> {
  let told = false;
  for await (const it of listed) {
    told ||= it.reason === undefined || it.file === path; // one reason a path is enough
    yield it;
  }
  if (!told) yield { file: path, reason };
}

/** The files under a folder that are meant, in natural order. */
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
  return await Deno.stat(file).then(({ isFile }) => isFile, () => true); // a broken link is told later
}
