/** A zip archive onto disk: checked from its first byte to its last, then unpacked in one step. */
import { basename, dirname, join } from "@std/path";
import { type Entry, Reader, ZipReader } from "@zip.js/zip.js";
import type { OnProgress } from "../types.ts";
import { writeWholeFolder } from "../files.ts";

/** What an archive may hold at most, and how the work is watched and stopped. */
export interface UnpackOptions {
  /** Files and folders. @default 200_000 */
  maxEntries?: number;
  /** Bytes of one unpacked file. @default 2 ** 28 (256 MiB) */
  maxEntryBytes?: number;
  /** Bytes of all unpacked files together. @default 2 ** 34 (16 GiB) */
  maxTotalBytes?: number;
  /** Unpacked bytes for one byte of the archive: photos give about 1, text up to 30. @default 100 */
  maxRatio?: number;
  /** `done` and `total` are bytes of the archive. */
  onProgress?: OnProgress;
  /** Stops the work, and leaves nothing. */
  signal?: AbortSignal;
}

/** The last file written into an unpacked folder: which archive it is of. */
const MARKER = ".unpacked";
/** zip.js reads the central directory in one piece; that of 200,000 entries takes about 20 MB. */
const MAX_READ_BYTES = 2 ** 26;
/** Of a name, in a message. */
const MAX_SHOWN = 200;
/** The Unix file types, in the top 4 bits of an entry's attributes, that are unpacked. */
const UNIX_TYPES = { none: 0, folder: 4, file: 8 };

/**
 * Whether `folder` was made, whole, by `unpackArchive`.
 *
 * @example
 * ```ts
 * import { isUnpacked } from "./archive.ts";
 *
 * console.log(await isUnpacked("no/such/folder"));
 * ```
 */
export async function isUnpacked(folder: string): Promise<boolean> {
  return await readMarker(folder) !== undefined;
}

async function readMarker(folder: string): Promise<string | undefined> {
  return await Deno.readTextFile(join(folder, MARKER)).catch(() => undefined);
}

/**
 * Unpacks a zip archive into a new folder. Before anything is written the whole archive is read: its
 * structure must leave no doubt (zip.js's `strict`), and each entry must unpack to its CRC and its size.
 * Refused are names that are absolute, hold `..` or a backslash, or occur twice; links; encrypted and
 * overlapping entries; and whatever passes the limits. The files are written beside `folder`, which then
 * comes into being by one rename. If `folder` is what this archive was unpacked to before, by this process
 * or another, it is left as it is. A chunk of one entry is in memory at a time.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.AlreadyExists} if `folder` exists and is something else
 * @throws {Deno.errors.InvalidData} if the archive is damaged or refused; names the entry and the reason
 * @example
 * ```ts
 * import { BlobWriter, TextReader, ZipWriter } from "@zip.js/zip.js";
 * import { unpackArchive } from "./archive.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * const zip = new ZipWriter(new BlobWriter());
 * await zip.add("with_mask/a.txt", new TextReader("a photo"));
 * await Deno.writeFile(`${folder}/photos.zip`, (await zip.close()).stream());
 * await unpackArchive(`${folder}/photos.zip`, `${folder}/photos`);
 * console.log(await Deno.readTextFile(`${folder}/photos/with_mask/a.txt`));
 * ```
 */
export async function unpackArchive(
  zipFile: string,
  folder: string,
  options: UnpackOptions = {},
): Promise<void> {
  using file = await Deno.open(zipFile);
  const { size, mtime } = await file.stat();
  const record = `${basename(zipFile)}, ${size} bytes, ${mtime?.toISOString()}\n`;
  const isDone = async () => await readMarker(folder) === record;
  await writeWholeFolder(folder, async (unpacked) => {
    if (await Deno.lstat(folder).then(() => true, () => false)) {
      throw new Deno.errors.AlreadyExists(
        `${zipFile} cannot be unpacked: ${folder} exists; move it away or choose another folder`,
      );
    }
    const reader = new DiskReader(file);
    await checkArchive(zipFile, reader, options);
    await unpackEntries(zipFile, reader, unpacked, options);
    await Deno.writeTextFile(join(unpacked, MARKER), record);
  }, { ...options, isDone });
}

/** Reads all of the archive, and writes nothing. */
async function checkArchive(zipFile: string, reader: DiskReader, options: UnpackOptions) {
  const seen: Seen = { names: new Set(), bytes: 0 };
  const ranges: [start: number, end: number][] = [];
  let current = "";
  try {
    await forEachEntry(`Checking ${basename(zipFile)}`, reader, options, async (entry) => {
      current = `entry ${quote(entry.filename)}: `;
      const fault = findFault(entry, seen, reader.size, options);
      if (fault) throw new Error(fault);
      seen.names.add(entry.filename);
      seen.bytes += entry.uncompressedSize;
      if (!entry.directory) await entry.getData(new WritableStream());
      ranges.push([entry.offset, (entry.localDirectory?.dataOffset ?? 0) + entry.compressedSize]);
      current = "";
    });
    ranges.sort(([a], [b]) => a - b);
    if (ranges.length === 0) throw new Error("it holds nothing");
    if (ranges.some(([start], i) => start < (ranges[i - 1]?.[1] ?? 0))) {
      throw new Error("entries overlap");
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    // zip.js's errors have either; theirs of names that it refuses, such as ones that lead out.
    const { message, reason, filename } = error as Error & { reason?: string; filename?: string };
    const detail = reason ?? (filename && quote(filename));
    throw new Deno.errors.InvalidData(
      `${zipFile} is damaged or unsafe: ${current}${message}${detail ? ` (${detail})` : ""}`,
      { cause: error },
    );
  }
}

/** A name as it may be shown: its maker may have meant it for the terminal. */
function quote(name: string): string {
  const start = name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name;
  return JSON.stringify(start).replace(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** The entries that were checked so far. */
interface Seen {
  names: Set<string>;
  bytes: number;
}

/** What is wrong with an entry as its header describes it: found before it is read. */
function findFault(
  { filename, directory, encrypted, uncompressedSize, externalFileAttributes }: Entry,
  seen: Seen,
  archiveBytes: number,
  { maxEntries = 200_000, maxEntryBytes = 2 ** 28, maxTotalBytes = 2 ** 34, maxRatio = 100 }:
    UnpackOptions,
): string | undefined {
  const unixType = externalFileAttributes >>> 28;
  const allBytes = seen.bytes + uncompressedSize;
  if (/[\\\p{Cc}]/u.test(filename)) return "a backslash or a control character in its name";
  if (seen.names.has(filename)) return "its name occurs twice";
  if (!Object.values(UNIX_TYPES).includes(unixType)) return "a link or another special file";
  if (encrypted) return "encrypted";
  if (directory !== filename.endsWith("/")) {
    return "a folder by its name or by its kind, not by both";
  }
  if (directory && uncompressedSize > 0) return "a folder with bytes of its own";
  if (seen.names.size >= maxEntries) return `more than ${maxEntries} entries`;
  if (uncompressedSize > maxEntryBytes) return `${uncompressedSize} bytes, over ${maxEntryBytes}`;
  if (allBytes > maxTotalBytes) return `${allBytes} bytes up to here, over ${maxTotalBytes}`;
  if (allBytes > maxRatio * archiveBytes) {
    return `${allBytes} bytes up to here, over ${maxRatio} times the archive's ${archiveBytes}`;
  }
}

/** Writes the entries of a checked archive into a new folder. */
async function unpackEntries(
  zipFile: string,
  reader: DiskReader,
  folder: string,
  options: UnpackOptions,
) {
  await forEachEntry(`Unpacking ${basename(zipFile)}`, reader, options, async (entry) => {
    const path = join(folder, entry.filename);
    try {
      await Deno.mkdir(entry.directory ? path : dirname(path), { recursive: true });
      if (entry.directory) return;
      using file = await Deno.open(path, { write: true, createNew: true });
      await entry.getData(file.writable);
    } catch (error) {
      const { AlreadyExists, NotADirectory, InvalidData } = Deno.errors;
      if (!(error instanceof AlreadyExists || error instanceof NotADirectory)) throw error;
      const name = quote(entry.filename); // or one that differs by case, where that is the same
      throw new InvalidData(`${zipFile} is unsafe: entry ${name}: another has its place`, {
        cause: error,
      });
    }
  });
}

/** Visits the entries one after the other, with every check that zip.js has. */
async function forEachEntry(
  stage: string,
  reader: DiskReader,
  { onProgress, signal }: UnpackOptions,
  visit: (entry: Entry) => Promise<void>,
) {
  const zip = new ZipReader(reader, {
    strictness: "strict",
    checkCrc32: true,
    useWebWorkers: false,
    signal,
  });
  let done = 0;
  for await (const entry of zip.getEntriesGenerator()) {
    signal?.throwIfAborted();
    await visit(entry);
    done += entry.compressedSize;
    onProgress?.({ stage, done, total: reader.size });
  }
}

/** Lets zip.js read anywhere in a file on disk. */
class DiskReader extends Reader<Deno.FsFile> {
  constructor(private readonly file: Deno.FsFile) {
    super(file);
    this.size = file.statSync().size;
  }

  /** Synchronous within, so that no other read comes between the seek and the read. */
  override readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const size = Math.max(0, Math.min(length, this.size - offset));
    if (size > MAX_READ_BYTES) throw new RangeError(`${size} bytes of directory`);
    const bytes = new Uint8Array(size);
    this.file.seekSync(offset, Deno.SeekMode.Start);
    let read = 0;
    while (read < size) {
      const count = this.file.readSync(bytes.subarray(read));
      if (count === null) break; // the file was cut short meanwhile
      read += count;
    }
    return Promise.resolve(bytes.subarray(0, read));
  }
}
