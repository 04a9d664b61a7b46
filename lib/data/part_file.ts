/** Stores a partial download on disk, so that it can be resumed. */
import { basename } from "node:path";

/** A file that grows; `<file>.json` beside it holds the data to resume. */
export class PartFile implements Disposable {
  /** Bytes on disk. */
  done = 0;
  /** The server's ETag of this version of the file. */
  etag?: string;
  total?: number;
  readonly name: string;

  private constructor(private readonly path: string, private readonly file: Deno.FsFile) {
    this.name = basename(path);
  }

  /** Opens the file of an earlier process, or a new one. */
  static async open(path: string): Promise<PartFile> {
    const file = await Deno.open(path, { create: true, write: true });
    const part = new PartFile(path, file);
    try {
      const { etag, total } = JSON.parse(await Deno.readTextFile(`${path}.json`));
      const done = await file.seek(0, Deno.SeekMode.End);
      if (typeof etag === "string" && done <= total) Object.assign(part, { etag, total, done });
    } catch {
      // missing, or cut off by a crash: `restart` writes a new one
    }
    return part;
  }

  /** Requests the missing bytes of the same version only; a weak ETag does not identify a version. */
  rangeHeaders(): Record<string, string> {
    const identity = { "accept-encoding": "identity" };
    if (this.done === 0 || !this.etag || this.etag.startsWith("W/")) return identity;
    return { ...identity, "range": `bytes=${this.done}-`, "if-range": this.etag };
  }

  async restart(etag?: string, total?: number): Promise<void> {
    Object.assign(this, { etag, total, done: 0 });
    await this.file.truncate();
    await this.file.seek(0, Deno.SeekMode.Start);
    await Deno.writeTextFile(`${this.path}.json`, JSON.stringify({ etag, total }));
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      written += await this.file.write(chunk.subarray(written));
    }
    this.done += chunk.length;
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}
