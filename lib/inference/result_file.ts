/** Writes a file of results, which a later run can resume after an interruption. */
import { createHash } from "node:crypto";
import { writeWhole } from "../files.ts";
import type { FileResult } from "./predict_files.ts";
import { formatHead, formatResult, type ResultFormat } from "./result_lines.ts";

/** The start of each result, by which an unfinished line is recognised. */
const BEGINNING = '{"file":"';

/** Characters per write. */
const CHUNK = 2 ** 16;

/** A file of results, open for writing. */
export interface ResultFile {
  /** Returns whether the opened file held a result, not an error, for this photo. */
  has(file: string): boolean;
  /** The number of results in the opened file, without errors. */
  earlier: number;
  write(result: FileResult): Promise<void>;
  close(): void;
}

/**
 * Opens a file of results. `resume` requires JSON Lines and keeps existing results. It removes errors, so that
 * their files are tried again, and an unfinished last line. Memory is eight bytes per result.
 *
 * @throws {TypeError} if `resume` is set and the format is not JSON Lines
 * @throws {Deno.errors.AlreadyExists} if the file exists and `resume` is not set
 * @throws {Deno.errors.InvalidData} if the file does not hold results of this kind; it is left unchanged
 * @example
 * ```ts
 * import { openResultFile } from "./result_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/results.jsonl`;
 * const results = await openResultFile(path, { format: "json", resume: true });
 * if (!results.has("wall.jpg")) await results.write({ file: "wall.jpg", faces: [] });
 * results.close();
 * console.log(await Deno.readTextFile(path)); // {"file":"wall.jpg","faces":[]}
 * ```
 */
export async function openResultFile(
  path: string,
  { format, resume = false, faces }: {
    format: Exclude<ResultFormat, "text">;
    /** @default false */
    resume?: boolean;
    /** Whether all results are of all faces per photo (true), or of one face per photo. @default not checked */
    faces?: boolean;
  },
): Promise<ResultFile> {
  if (resume && format !== "json") {
    throw new TypeError(
      `format must be json to resume, got ${format}: only JSON Lines show whether a result is complete`,
    );
  }
  const done = new DigestSet();
  const readKept = async function* () {
    let kept = "";
    for await (const { file, line } of readResults(path, faces)) {
      done.add(file);
      kept += `${line}\n`;
      if (kept.length < CHUNK) continue;
      yield kept;
      kept = "";
    }
    yield kept;
  };
  const old = await Deno.stat(path).catch(() => undefined);
  if (old && !old.isFile) throw new Deno.errors.InvalidData(`${path} must be a regular file`);
  if (resume && old) {
    await writeWhole(
      path,
      (temporary) => Deno.writeTextFile(temporary, ReadableStream.from(readKept())),
    );
  }
  const file = await Deno.open(path, { append: true, create: true, createNew: !resume })
    .catch((cause) => {
      if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
      const reason = `${path} already exists: choose another file, or resume it`;
      throw new Deno.errors.AlreadyExists(reason, { cause });
    });
  const write = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  };
  await write(formatHead(format));
  return {
    has: (name) => done.has(name),
    earlier: done.size,
    write: (result) => write(formatResult(result, format)),
    close: () => file.close(),
  };
}

/**
 * Reads the results of a file, in order, without errors and an unfinished last line.
 *
 * @throws {Deno.errors.InvalidData} if another line is not a result
 */
async function* readResults(
  path: string,
  faces?: boolean,
): AsyncGenerator<{ file: string; line: string }> {
  let number = 0;
  for await (const { line, isWhole } of readLines(path)) {
    number++;
    const result = parseObject(line);
    if (!result && !isWhole && (BEGINNING.startsWith(line) || line.startsWith(BEGINNING))) return;
    const [file, hasFaces] = [result?.file, Array.isArray(result?.faces)];
    const isResult = hasFaces ||
      [result?.label, result?.error].some((it) => typeof it === "string");
    if (typeof file !== "string" || !isResult) {
      throw new Deno.errors.InvalidData(
        `line ${number} of ${path} is not a result: ${JSON.stringify(line.slice(0, 80))}`,
      );
    }
    if (result!.error !== undefined) continue;
    if (hasFaces !== (faces ?? hasFaces)) {
      const [held, wanted] = hasFaces ? ["all faces", "one face"] : ["one face", "all faces"];
      throw new Deno.errors.InvalidData(
        `${path} holds results of ${held} per photo, such as ${file}, not of ${wanted}`,
      );
    }
    yield { file, line };
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Reads the lines of a file, and the rest after the last line end. */
async function* readLines(path: string): AsyncGenerator<{ line: string; isWhole: boolean }> {
  using file = await Deno.open(path);
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield { line, isWhole: true };
  }
  if (rest !== "") yield { line: rest, isWhole: false };
}

/** A set of strings that stores 64 bits of each. Among a million, a collision has a probability of 1 in 37 million. */
class DigestSet {
  #digests = new BigUint64Array(1024);
  size = 0;
  #isSorted = true;

  add(text: string): void {
    if (this.size === this.#digests.length) {
      const larger = new BigUint64Array(2 * this.size);
      larger.set(this.#digests);
      this.#digests = larger;
    }
    this.#digests[this.size++] = digest(text);
    this.#isSorted = false;
  }

  has(text: string): boolean {
    const digests = this.#digests.subarray(0, this.size);
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
