/** Checks a zip archive completely, then unpacks it atomically. */
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

/** Options of {@linkcode unpackArchive}. */
export interface UnpackOptions extends EntryLimits {
  /** `done` and `total` are bytes of the archive. */
  onProgress?: OnProgress;
  /** Stops the work, and removes its files. */
  signal?: AbortSignal;
}

/** The last file written into an unpacked folder: it names the archive. */
const MARKER = ".unpacked";
/** zip.js reads the central directory in one piece; that of 200,000 entries takes about 20 MB. */
const MAX_READ_BYTES = 2 ** 26;
/** Advice for archives that cannot be unpacked here. */
const UNPACK_IT = "unpack it yourself and name the folder";
/** Errors of archives that are not unsafe, with advice. */
const OTHER_ZIPS: [cause: RegExp, reason: string][] = [
  [/encrypt/i, `encrypted: ${UNPACK_IT}`],
  [/^Split zip/, `one part of a split zip: join its parts, or ${UNPACK_IT}`],
  [/^End of central|^File format/, "not a zip, or is cut short: copy or download it again"],
  [/Compression method not supported/, `compressed in a way that cannot be read: ${UNPACK_IT}`],
];

/**
 * Checks whether `folder` was unpacked completely by `unpackArchive`.
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
 * Unpacks a zip archive into a new folder, atomically. If this archive was unpacked to `folder` before, by this
 * process or another, the folder is left unchanged.
 *
 * Before it writes, it reads the whole archive: the structure must be unambiguous (zip.js's `strict`), and each
 * entry must match its CRC and its size. It refuses names that are absolute, contain `..` or occur twice; links;
 * encrypted or overlapping entries; and entries beyond the limits. Backslashes in names separate folders, and
 * `./` is ignored. Memory is bounded by one chunk of one entry.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.AlreadyExists} if `folder` exists with other content
 * @throws {Deno.errors.InvalidData} if the archive is damaged, refused or not a zip, with the entry and the reason
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

/** Reads the whole archive without writing, and throws if it is damaged or unsafe. */
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
    if (ranges.length === 0) throw new Error("it has no entries");
    if (ranges.some(([start], i) => start < (ranges[i - 1]?.[1] ?? 0))) {
      throw new Error("entries overlap");
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    // Errors of zip.js have a reason, or the name that it refuses.
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

/** Describes a file that cannot be a zip, with advice. */
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
    const start = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }); // the input is cut off
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
      const name = quote(entry.filename); // or one that differs by case only
      throw new InvalidData(`${zipFile} is unsafe: entry ${name}: another has the same path`, {
        cause: error,
      });
    }
  });
}

/** Visits the entries in order, with all checks of zip.js. */
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
    filenameValidation: "balanced", // the line above corrects names that fail stricter checks
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

/** Gives zip.js random access to a file on disk. */
class DiskReader extends Reader<Deno.FsFile> {
  constructor(private readonly file: Deno.FsFile) {
    super(file);
    this.size = file.statSync().size;
  }

  /** Reads synchronously, so that no other read comes between the seek and the read. */
  override readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const size = Math.max(0, Math.min(length, this.size - offset));
    if (size > MAX_READ_BYTES) throw new RangeError(`a directory of ${size} bytes`);
    const bytes = new Uint8Array(size);
    this.file.seekSync(offset, Deno.SeekMode.Start);
    let read = 0;
    while (read < size) {
      const count = this.file.readSync(bytes.subarray(read));
      if (count === null) break; // the file was truncated meanwhile
      read += count;
    }
    return Promise.resolve(bytes.subarray(0, read));
  }
}
