/** Pixels that were read once, in a file, so that the next start need not decode the photos again. */
import { isAbsolute, join, resolve } from "node:path";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { removeIfThere, writeWhole } from "../files.ts";
import type { Box } from "../types.ts";

/** What reading samples gave. */
export interface ReadPixels {
  /** One sample's after the other's, of those that could be read. */
  pixels: Uint8Array;
  /** The places of the others among the samples, ascending, and why. */
  failed: [index: number, reason: string][];
  /** Whether another try would fail for the same: what failed for a passing reason is not kept. */
  isLasting: boolean;
}

/** Files beyond this number are removed, oldest first: one of 3,448 photos has 170 MB. */
const KEPT_FILES = 4;
/** A file that changed so lately may change again without its times showing it: ctime counts seconds. */
const RECENT_MS = 3000;
/** After the pixels: `failed` as JSON, that JSON's length, and the CRC-32 of all before it. */
const FOOTER_BYTES = 8;
const SUFFIX = ".pixels";
const CHUNK_BYTES = 2 ** 22;

/**
 * Gives what `read` gives for these samples, from a file in `folder` where it has been read before. The
 * file's name is a digest of all that the pixels depend on: each photo's path, size, times of change (of a
 * photo that changed in the last seconds also its content), box, and `settings`. So a file that does not
 * fit is never found; a damaged one is noticed by its checksum and written anew.
 *
 * @param settings How photos become pixels; anything that JSON can hold. Other settings, other file.
 * @param onWarning Told when the file cannot be written; what was read is returned all the same.
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
      onWarning(`the photos' pixels could not be kept in ${folder}: ${error.message}`)
    );
  }
  return entry;
}

/** Synchronous: seven times as fast over thousands of photos. */
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

/** Words that differ whenever the file's content does. */
function describeState(file: string): string {
  try {
    const { size, mtime, ctime, ino } = Deno.statSync(file);
    const times = [mtime, ctime].map((time) => time?.getTime() ?? 0);
    const isRecent = Date.now() - Math.max(...times) < RECENT_MS;
    const content = isRecent && createHash("sha256").update(Deno.readFileSync(file)).digest("hex");
    return [size, ...times, ino, content].join();
  } catch (error) {
    return (error as Error).name;
  }
}

/** Undefined if there is no such file, or it is damaged or cannot be read: then photos are decoded. */
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
 * Two threads read at a time, as most of the time goes to memory that is touched for the first time; this
 * one sums up what they have read, all but the file's last four bytes.
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
    await Deno.writeFile(temporary, pixels);
    await Deno.writeFile(temporary, tail, { append: true });
  });
}

/** Removes all but the newest files, and so in time also the parts that killed runs left. */
async function removeOldest(folder: string): Promise<void> {
  const files: { path: string; time: number }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(SUFFIX)) continue;
    const path = join(folder, name);
    const info = await Deno.stat(path).catch(() => undefined); // another process may tidy up as well
    files.push({ path, time: info?.mtime?.getTime() ?? 0 });
  }
  files.sort((a, b) => b.time - a.time);
  for (const { path } of files.slice(KEPT_FILES)) await removeIfThere(path);
}
