/** What the comparisons share: processes to measure, an environment for Python's, medians. */
import { join } from "@std/path";
import type { OnProgress } from "../lib/types.ts";
import { findPython } from "../scripts/python.ts";
import { lastLines, ROOT, run } from "../scripts/terminal.ts";

const REQUIREMENTS = join(import.meta.dirname!, "requirements.txt");

/** A process that answers a line with a line. */
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
      throw new Error(`a measured process ended early, asked for ${asked}`);
    }
    return JSON.parse(value);
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
  }
}

/** The lines of a stream of text, without what follows the last line end. */
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

/** Makes the environment of the Python peers when it is missing, and gives its Python. */
export async function setUpPython(onProgress: OnProgress): Promise<string> {
  const folder = join(ROOT, ".venv-bench");
  const python = join(folder, Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "installed.txt");
  const wanted = await Deno.readTextFile(REQUIREMENTS);
  if (await Deno.readTextFile(stamp).catch(() => "") === wanted) return python;
  const system = await findPython();
  if (!system) throw new Error("The peers need Python 3.10 or newer, with venv and pip.");
  onProgress({ stage: "installing Python peers for the comparison (1 GB, some minutes)", done: 0 });
  for (
    const [program, args] of [
      [system, ["-m", "venv", "--clear", folder]],
      [python, ["-m", "pip", "install", "-r", REQUIREMENTS]],
    ] as const
  ) {
    const { success, stderr } = await run(program, [...args]);
    if (!success) throw new Error(`The Python peers could not be installed:\n${lastLines(stderr)}`);
  }
  await Deno.writeTextFile(stamp, wanted);
  return python;
}

/** A median and what it is the median of. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Rounded to a hundredth. */
export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median: round(median), min: round(sorted[0]!), max: round(sorted.at(-1)!) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
