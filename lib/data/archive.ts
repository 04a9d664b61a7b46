/** A zip archive onto disk: checked from its first byte to its last, then unpacked in one step. */
import { basename, dirname, join } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import { type Entry, Reader, ZipReader } from "npm:@zip.js/zip.js@2.24.0";
import type { OnProgress } from "../types.ts";
import { writeWholeFolder } from "../files.ts";
import { FORMAT_BYTES, identifyFile } from "../images/file_format.ts";
import {
  decodeName,
  type EntryLimits,
  findFault,
  normalizeName,
  quote,
  type Seen,
} from "./zip_entry.ts";

/** What an archive may hold at most, and how the work is watched and stopped. */
export interface UnpackOptions extends EntryLimits {
  /** `done` and `total` are bytes of the archive. */
  onProgress?: OnProgress;
  /** Stops the work, and leaves nothing. */
  signal?: AbortSignal;
}

/** The last file written into an unpacked folder: which archive it is of. */
const MARKER = ".unpacked";
/** zip.js reads the central directory in one piece; that of 200,000 entries takes about 20 MB. */
const MAX_READ_BYTES = 2 ** 26;
/** What to do with what cannot be unpacked here. */
const UNPACK_IT = "unpack it yourself and name the folder";
/** By zip.js's words or ours: what is wrong and not unsafe, and what to do. */
const OTHER_ZIPS: [cause: RegExp, reason: string][] = [
  [/encrypt/i, `encrypted: ${UNPACK_IT}`],
  [/^Split zip/, `one part of a split zip: join its parts, or ${UNPACK_IT}`],
  [/^End of central|^File format/, "not a zip, or is cut short: copy or download it again"],
  [/Compression method not supported/, `compressed in a way that cannot be read: ${UNPACK_IT}`],
];

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
 * Backslashes in names separate folders, and `./` leads nowhere. Refused are names that are absolute, hold
 * `..` or occur twice; links; encrypted and overlapping entries; and whatever passes the limits. The files
 * are written beside `folder`, which then comes into being by one rename. If `folder` is what this archive was unpacked to before, by this process
 * or another, it is left as it is. A chunk of one entry is in memory at a time.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.AlreadyExists} if `folder` exists and is something else
 * @throws {Deno.errors.InvalidData} if the archive is damaged or refused; names the entry and the reason; if it
 * is not a zip, what it is and what to do
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
  const other = await findOtherFormat(file);
  if (other) throw new Deno.errors.InvalidData(`${zipFile} ${other}`);
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
    const other = OTHER_ZIPS.find(([cause]) => cause.test(message))?.[1];
    if (other) throw new Deno.errors.InvalidData(`${zipFile} is ${other}`, { cause: error });
    throw new Deno.errors.InvalidData(
      `${zipFile} is damaged or unsafe: ${current}${message}${detail ? ` (${detail})` : ""}`,
      { cause: error },
    );
  }
}

/** What a file is that cannot be a zip, and what to do. */
async function findOtherFormat(file: Deno.FsFile): Promise<string | undefined> {
  const bytes = new Uint8Array(FORMAT_BYTES);
  const length = await file.read(bytes);
  if (length === null) return "is empty: copy or download it again";
  const format = identifyFile(bytes.subarray(0, length));
  if (!format || format.name === "ZIP archive") return undefined;
  const isArchive = format.name.endsWith("archive");
  const name = isTarGz(bytes.subarray(0, length)) ? "tar.gz archive" : format.name;
  const advice = isArchive
    ? UNPACK_IT
    : ADVICE[name] ?? "name a folder of photos, or a zip of such a folder";
  return `is not a zip (found: ${name}): ${advice}`;
}

const ADVICE: Record<string, string> = {
  "A web page": "download the zip again, signed in where that is needed",
  "Git LFS pointer": "fetch the zip by `git lfs pull`",
};

function isTarGz(bytes: Uint8Array): boolean {
  try {
    const start = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }); // though it ends early
    return identifyFile(start)?.name === "tar archive";
  } catch {
    return false;
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
    decodeText: decodeName,
    normalizeFilename: normalizeName,
    filenameValidation: "balanced", // what is stricter is mended by the line above
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
