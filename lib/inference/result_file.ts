/** A file of results that grows, and that a later run goes on with after an interruption. */
import { dirname } from "@std/path";
import { createHash } from "node:crypto";
import type { FileResult } from "./predict_files.ts";
import { formatHead, formatResult, type ResultFormat } from "./result_lines.ts";

const encoder = new TextEncoder();

/** A file of results, open for more. */
export interface ResultFile {
  /** Whether a result for it, and no error, was there when the file was opened. */
  has(file: string): boolean;
  /** How many results were there, without the errors. */
  earlier: number;
  write(result: FileResult): Promise<void>;
  close(): void;
}

/**
 * Opens a file of results. With `resume` those that it holds stay, but for errors, so that their files are
 * tried again; what an interruption left at its end, a part of a line or some of the rows of a photo, is
 * cut off. Eight bytes are kept for each file that has a result.
 *
 * @throws {Deno.errors.AlreadyExists} if the file is there and `resume` is not set
 * @throws {Deno.errors.InvalidData} if it holds something else than results of this format and kind
 * @example
 * ```ts
 * import { openResultFile } from "./result_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * const results = await openResultFile(path, { format: "json", resume: true });
 * if (!results.has("wall.jpg")) await results.write({ file: "wall.jpg", faces: [] });
 * results.close();
 * console.log(await Deno.readTextFile(path)); // {"file":"wall.jpg","faces":[]}
 * await Deno.remove(path);
 * ```
 */
export async function openResultFile(
  path: string,
  { format, resume = false, faces }: {
    format: Exclude<ResultFormat, "text">;
    /** @default false */
    resume?: boolean;
    /** Whether the results are of all faces of each photo, or of one face a photo. @default some are, some not */
    faces?: boolean;
  },
): Promise<ResultFile> {
  let file = await Deno.open(path, { read: true, write: true, create: true, createNew: !resume })
    .catch((cause) => {
      if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
      const reason = `${path} is there already: choose another file, or go on with it (resume)`;
      throw new Deno.errors.AlreadyExists(reason, { cause });
    });
  try {
    const done = new DigestSet();
    let earlier = 0, end = 0, hasErrors = false;
    for await (const result of readResults(file, path, format)) {
      end = result.end;
      if (result.isError) {
        hasErrors = true;
        continue;
      }
      if (result.hasFaces !== (faces ?? result.hasFaces)) {
        const [held, wanted] = result.hasFaces
          ? ["all faces", "one face"]
          : ["one face", "all faces"];
        throw new Deno.errors.InvalidData(
          `${path} holds results of ${held} a photo, such as ${result.file}, not of ${wanted}`,
        );
      }
      done.add(result.file);
      earlier++;
    }
    if (hasErrors) {
      const kept = await copyWithoutErrors(file, path, format);
      file.close();
      file = kept;
    } else {
      if (end === 0) end = await writeAt(file, 0, encoder.encode(formatHead(format)));
      await file.truncate(end);
      await file.seek(end, Deno.SeekMode.Start);
    }
    return {
      has: (name) => done.has(name),
      earlier,
      write: (result) => writeAll(file, encoder.encode(formatResult(result, format))),
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Puts a copy without the errors in the file's place, whole or not at all, and returns it, open at its end. */
async function copyWithoutErrors(
  file: Deno.FsFile,
  path: string,
  format: "json" | "csv",
): Promise<Deno.FsFile> {
  const target = await Deno.realPath(path); // a link stays one
  const part = await Deno.makeTempFile({ dir: dirname(target), prefix: ".", suffix: ".part" });
  const copy = await Deno.open(part, { write: true });
  try {
    await writeAll(copy, encoder.encode(formatHead(format)));
    await file.seek(0, Deno.SeekMode.Start);
    for await (const { text, isError } of readResults(file, path, format)) {
      if (!isError) await writeAll(copy, encoder.encode(text));
    }
    await copy.syncData();
    await Deno.chmod(part, (await file.stat()).mode! & 0o777);
    await Deno.rename(part, target);
    return copy;
  } catch (error) {
    copy.close();
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

async function writeAt(file: Deno.FsFile, at: number, bytes: Uint8Array): Promise<number> {
  await file.seek(at, Deno.SeekMode.Start);
  await writeAll(file, bytes);
  return at + bytes.length;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** One file's result, as far as it matters here, its whole lines, and where in the file of results it ends. */
interface EarlierResult {
  file: string;
  isError: boolean;
  /** Whether it is of all faces of the photo. */
  hasFaces: boolean;
  text: string;
  end: number;
}

/**
 * The whole results of the file, in order.
 *
 * @throws {Deno.errors.InvalidData} at anything else, unless a result may begin like that at the file's end
 */
async function* readResults(
  file: Deno.FsFile,
  path: string,
  format: "json" | "csv",
): AsyncGenerator<EarlierResult> {
  let number = 0, rows: string[] = [];
  for await (const { text, end, isWhole } of readRecords(file, format)) {
    number++;
    const wrong = (cause?: unknown) =>
      new Deno.errors.InvalidData(
        `record ${number} of ${path} is no result as ${format}: ${
          JSON.stringify(text.slice(0, 80))
        }`,
        { cause },
      );
    if (!isWhole) {
      if (!isBeginning(text, format, number)) throw wrong();
    } else if (format === "json") {
      let result: { file?: unknown; error?: unknown };
      try {
        result = JSON.parse(text);
      } catch (cause) {
        throw wrong(cause);
      }
      if (typeof result?.file !== "string") throw wrong();
      const [isError, hasFaces] = ["error" in result, "faces" in result];
      yield { file: result.file, isError, hasFaces, text: `${text}\n`, end };
    } else if (number === 1) {
      if (`${text}\n` !== formatHead(format)) throw wrong();
    } else {
      const fields = splitFields(text);
      if (fields.length !== splitFields(formatHead(format)).length) throw wrong();
      const [faces, error] = fields.slice(-2);
      if (rows.push(`${text}\n`) < Number(faces || 1)) continue;
      const [isError, hasFaces] = [error !== "", faces !== ""];
      yield { file: fields[0]!, isError, hasFaces, text: rows.join(""), end };
      rows = [];
    }
  }
}

/** Whether that record of ours may begin so: a stranger's file without a line end is not to be wiped. */
function isBeginning(text: string, format: "json" | "csv", number: number): boolean {
  if (format === "csv" && number > 1) return text.length < 100_000 && ROW_BEGINNING.test(text);
  const beginning = format === "csv" ? formatHead(format) : '{"file":"';
  return beginning.startsWith(text) || format === "json" && text.startsWith(beginning);
}

/**
 * Whole fields, and the beginning of one; a quote is only at the edges of a field, or doubled. No row is
 * so long as to exhaust the stack of the expression: some megabytes, as behind a quote that nothing closes.
 */
const ROW_BEGINNING = /^(?:(?:"(?:[^"]|"")*"|[^",]*),)*(?:"(?:[^"]|"")*"?|[^",]*)$/;

/** The records that a line end ends, in CSV outside of quotes, where each ends, and what is left over. */
async function* readRecords(
  file: Deno.FsFile,
  format: "json" | "csv",
): AsyncGenerator<{ text: string; end: number; isWhole: boolean }> {
  const [newline, quote] = [10, 34];
  const chunk = new Uint8Array(65_536), decoder = new TextDecoder();
  let rest = new Uint8Array(), position = 0, isQuoted = false;
  for (let length; (length = await file.read(chunk)) !== null;) {
    let start = 0;
    for (let i = 0; i < length; i++) {
      if (format === "csv" && chunk[i] === quote) isQuoted = !isQuoted;
      if (chunk[i] !== newline || isQuoted) continue;
      const record = concat(rest, chunk.subarray(start, i));
      yield { text: decoder.decode(record), end: position + i + 1, isWhole: true };
      rest = new Uint8Array();
      start = i + 1;
    }
    rest = concat(rest, chunk.subarray(start, length));
    position += length;
  }
  if (rest.length > 0) yield { text: decoder.decode(rest), end: position, isWhole: false };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The fields of one record of CSV. */
function splitFields(record: string): string[] {
  return [...`${record},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)]
    .map(([, field]) =>
      field!.startsWith('"') ? field!.slice(1, -1).replaceAll('""', '"') : field!
    );
}

/** A set of strings that keeps 64 bits of each: of a million, two are taken for one with odds of 1 in 37 million. */
class DigestSet {
  #digests = new BigUint64Array(1024);
  #size = 0;
  #isSorted = true;

  add(text: string): void {
    if (this.#size === this.#digests.length) {
      const larger = new BigUint64Array(2 * this.#size);
      larger.set(this.#digests);
      this.#digests = larger;
    }
    this.#digests[this.#size++] = digest(text);
    this.#isSorted = false;
  }

  has(text: string): boolean {
    const digests = this.#digests.subarray(0, this.#size);
    if (!this.#isSorted) digests.sort();
    this.#isSorted = true;
    const wanted = digest(text);
    let low = 0, high = digests.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (digests[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return digests[low] === wanted;
  }
}

function digest(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64LE();
}
