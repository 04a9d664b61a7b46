/** Caches the pixels of photos in a file, so that the next run need not decode them again. */
import { isAbsolute, join, resolve } from "node:path";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { removeIfThere, writeWhole } from "../files.ts";
import type { Box } from "../types.ts";

/** The result of reading samples. */
export interface ReadPixels {
  /** The pixels of the samples that could be read, in order. */
  pixels: Uint8Array;
  /** The indices of the other samples, ascending, with the reasons. */
  failed: [index: number, reason: string][];
  /** Whether another attempt would fail in the same way; otherwise nothing is cached. */
  isLasting: boolean;
}

/** Older files beyond this number are removed: a file of 3,448 photos has 170 MB. */
const KEPT_FILES = 4;
/** A file that changed this recently may change again without a new ctime, which counts seconds. */
const RECENT_MS = 3000;
/** The pixels are followed by `failed` as JSON, its length, and the CRC-32 of all bytes before. */
const FOOTER_BYTES = 8;
const SUFFIX = ".pixels";
/** The largest photo that is read, in bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;
const CHUNK_BYTES = 2 ** 22;

/**
 * Returns the cached result of `read` for these samples, or runs `read` and caches the result in `folder`. The
 * file's name is a digest of everything that determines the pixels: path, size and times of each photo, its
 * box, and `settings`. For a photo that changed in the last seconds, the digest includes the content. A
 * checksum detects a damaged file, which is then replaced.
 *
 * @param settings The settings of `read`, as JSON can hold them.
 * @param options.onWarning Called if the file cannot be written; the result is returned anyway.
 * @throws what `read` throws
 * @example
 * ```ts
 * import { cachePixels } from "./image_cache.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const samples = [{ file: `${folder}/photo.jpg` }];
 * await Deno.writeTextFile(samples[0]!.file, "");
 * const read = () => Promise.resolve({ pixels: Uint8Array.of(1, 2, 3), failed: [], isLasting: true });
 * await cachePixels(folder, samples, { size: 1 }, read);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function cachePixels(
  folder: string,
  samples: readonly { file: string; box?: Box }[],
  settings: object,
  read: () => Promise<ReadPixels>,
  { onWarning = console.warn }: { onWarning?: (message: string) => void } = {},
): Promise<ReadPixels> {
  const file = join(folder, digestSamples(samples, settings) + SUFFIX);
  const kept = await readEntry(file);
  if (kept) return kept;
  const entry = await read();
  if (entry.isLasting) {
    await writeEntry(file, entry).then(() => removeOldest(folder)).catch((error) =>
      onWarning(`the photos' pixels cannot be cached in ${folder}: ${error.message}`)
    );
  }
  return entry;
}

/** Computes the digest, synchronously: seven times as fast for thousands of photos. */
function digestSamples(samples: readonly { file: string; box?: Box }[], settings: object): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  const states = new Map<string, string>();
  for (const { file, box } of samples) {
    if (!states.has(file)) states.set(file, describeState(file));
    const path = isAbsolute(file) ? file : resolve(file); // resolving takes longer than hashing
    hash.update(JSON.stringify([path, states.get(file), box]));
  }
  return hash.digest("hex");
}

/** Describes a file by a text that changes whenever its content does. */
function describeState(file: string): string {
  try {
    const { size, mtime, ctime, ino, isFile } = Deno.statSync(file);
    const times = [mtime, ctime].map((time) => time?.getTime() ?? 0);
    const isRecent = Date.now() - Math.max(...times) < RECENT_MS;
    // What is no photo, or too large for one, is not read: a pipe has no end.
    const content = isRecent && isFile && size <= MAX_PHOTO_BYTES &&
      createHash("sha256").update(Deno.readFileSync(file)).digest("hex");
    return [size, ...times, ino, content].join();
  } catch (error) {
    return (error as Error).name;
  }
}

/** Reads a cached file; returns undefined if it is missing, damaged or unreadable. */
async function readEntry(path: string): Promise<ReadPixels | undefined> {
  try {
    const { bytes, checksum } = await readInParallel(path);
    const footer = new DataView(bytes.buffer, bytes.length - FOOTER_BYTES);
    const jsonEnd = bytes.length - FOOTER_BYTES, jsonStart = jsonEnd - footer.getUint32(0);
    if (checksum !== footer.getUint32(4)) return undefined;
    return {
      pixels: bytes.subarray(0, jsonStart),
      failed: JSON.parse(new TextDecoder().decode(bytes.subarray(jsonStart, jsonEnd))),
      isLasting: true,
    };
  } catch {
    return undefined;
  }
}

/**
 * Reads a file with two parallel reads, as most of the time goes to new memory pages. Meanwhile computes the
 * checksum of all but the last four bytes.
 */
async function readInParallel(path: string) {
  const { size } = await Deno.stat(path);
  const bytes = new Uint8Array(size);
  const isRead: boolean[] = [];
  let next = 0, summed = 0, checksum = 0;
  async function readChunks() {
    using file = await Deno.open(path);
    while (next * CHUNK_BYTES < size) {
      const number = next++;
      const chunk = bytes.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
      await file.seek(number * CHUNK_BYTES, Deno.SeekMode.Start);
      for (let at = 0; at < chunk.length;) at += await file.read(chunk.subarray(at)) ?? NaN;
      isRead[number] = true;
      for (; isRead[summed]; summed++) {
        const end = Math.min((summed + 1) * CHUNK_BYTES, size - 4);
        checksum = crc32(bytes.subarray(summed * CHUNK_BYTES, end), checksum);
      }
    }
  }
  await Promise.all([readChunks(), readChunks()]);
  return { bytes, checksum };
}

async function writeEntry(path: string, { pixels, failed }: ReadPixels): Promise<void> {
  const json = new TextEncoder().encode(JSON.stringify(failed));
  const tail = new Uint8Array(json.length + FOOTER_BYTES);
  const footer = new DataView(tail.buffer, json.length);
  tail.set(json);
  footer.setUint32(0, json.length);
  footer.setUint32(4, crc32(tail.subarray(0, -4), crc32(pixels)));

  await writeWhole(path, async (temporary) => {
    using file = await Deno.open(temporary, { create: true, write: true });
    await writeAll(file, pixels);
    await writeAll(file, tail);
  });
}

/** Writes bytes in pieces: Deno copies all that it is given at once. */
async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await file.write(bytes.subarray(at, at + CHUNK_BYTES));
  }
}

/** Removes all but the newest files, including the remains of killed runs. */
async function removeOldest(folder: string): Promise<void> {
  const files: { path: string; time: number }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(SUFFIX)) continue;
    const path = join(folder, name);
    const info = await Deno.stat(path).catch(() => undefined); // another process may remove files too
    files.push({ path, time: info?.mtime?.getTime() ?? 0 });
  }
  files.sort((a, b) => b.time - a.time);
  for (const { path } of files.slice(KEPT_FILES)) await removeIfThere(path);
}
