/** Shared parts of the comparisons: measured processes, the Python environment, medians. */
import { join } from "node:path";
import type { OnProgress } from "../lib/types.ts";
import { installEnvironment } from "../scripts/python.ts";
import { ROOT } from "../scripts/terminal.ts";

/** A process that answers each line with a line. */
export class Peer<Request, Answer> {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, args: string[], env: Record<string, string> = {}) {
    this.#process = new Deno.Command(program, {
      args,
      env,
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = readLines(this.#process.stdout);
  }

  async ask(request: Request): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    const { value, done } = await this.#lines.next();
    if (done) {
      const asked = JSON.stringify(request).slice(0, 200);
      throw new Error(`a measured process ended early, during ${asked}`);
    }
    return JSON.parse(value);
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
  }
}

/** Splits a stream of text into complete lines. */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Installs the environment of the Python peers if it is missing; returns its Python. */
export function setUpPython(onProgress: OnProgress): Promise<string> {
  return installEnvironment({
    what: "the comparison with Python (1 GB)",
    folder: join(ROOT, ".venv-bench"),
    requirements: join(import.meta.dirname!, "requirements.txt"),
    onProgress,
  });
}

/** A median and what it is the median of. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Rounds to a hundredth. */
export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median: round(median), min: round(sorted[0]!), max: round(sorted.at(-1)!) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
