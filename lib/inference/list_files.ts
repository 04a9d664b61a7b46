/** Files, folders and patterns to the files that they mean, one at a time. */
import { basename, join, SEPARATOR } from "@std/path";
import { matchesGlob } from "node:path";

/** A file, or a folder or pattern that gives none and why. */
export interface ListedFile {
  file: string;
  reason?: string;
}

/** How photos' names end. */
const ENDINGS = ["jpg", "jpeg", "jfif", "png", "webp", "gif", "tif", "tiff", "avif"];
const PHOTO = new RegExp(`\\.(${ENDINGS.join("|")})$`, "i");
const NO_PHOTO = `no photo in this folder: photos' names end in ${ENDINGS.join(", ")}`;
/** What makes a path a pattern. */
const MAGIC = /[*?[{]/;

/**
 * Lists what the paths mean, in their order, one file at a time: however many there are, none is kept.
 *
 * - A folder means the photos in it and in its folders, by the ends of their names: JPEG, PNG, WEBP, GIF,
 *   TIFF, AVIF. Hidden ones are passed over; links to folders are not followed. The order in a folder is
 *   the file system's.
 * - A pattern (`*`, `**`, `?`, `[a-c]`, `{a,b}`) means all files whose path it matches.
 * - Anything else is a file, whether or not it is there.
 *
 * A folder without photos, a pattern without files and a folder that cannot be listed come with the reason.
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
  const depth = (path: string) => path.split(SEPARATOR).length;
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

/** The files under a folder that are meant, as they come. */
async function* walk(
  folder: string,
  isMeant: (file: string) => boolean,
  isEntered: (folder: string) => boolean = () => true,
): AsyncGenerator<ListedFile> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(".")) continue;
      const file = join(folder, entry.name);
      if (entry.isDirectory) {
        if (isEntered(file)) yield* walk(file, isMeant, isEntered);
      } else if (isMeant(file) && (entry.isFile || await isLinkToFile(file))) yield { file };
    }
  } catch (error) {
    yield {
      file: folder,
      reason: `${basename(folder)} cannot be listed: ${(error as Error).message}`,
    };
  }
}

async function isLinkToFile(file: string): Promise<boolean> {
  return await Deno.stat(file).then(({ isFile }) => isFile, () => true); // a broken link is told later
}
