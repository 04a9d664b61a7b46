/** Files, folders and patterns to the files that they mean, one at a time. */
import { basename, join } from "@std/path";
import { matchesGlob } from "node:path";

/** A file, or a folder that could not be listed and why. */
export interface ListedFile {
  file: string;
  reason?: string;
}

/** How photos' names end. */
const PHOTO = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif)$/i;
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
    if (info?.isDirectory) yield* walk(path, (file) => PHOTO.test(file));
    else if (info || !MAGIC.test(path)) yield { file: path };
    else yield* matchPattern(path);
  }
}

async function* matchPattern(pattern: string): AsyncGenerator<ListedFile> {
  const parts = pattern.split("/");
  const fixed = parts.slice(0, parts.findIndex((part) => MAGIC.test(part)));
  const folder = fixed.length === 0 ? "." : fixed.join("/") || "/";
  // `join` cleans the paths that are walked, so the pattern is cleaned alike.
  const cleaned = join(pattern);
  let found = false;
  for await (const listed of walk(folder, (file) => matchesGlob(file, cleaned))) {
    found = true;
    yield listed;
  }
  if (!found) yield { file: pattern, reason: "no file matches this pattern" };
}

/** The files under a folder that are meant, as they come. */
async function* walk(
  folder: string,
  isMeant: (file: string) => boolean,
): AsyncGenerator<ListedFile> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(".")) continue;
      const file = join(folder, entry.name);
      if (entry.isDirectory) yield* walk(file, isMeant);
      else if (isMeant(file) && (entry.isFile || await isLinkToFile(file))) yield { file };
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
