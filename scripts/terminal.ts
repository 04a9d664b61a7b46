/** Shared parts of the commands: progress on one line, errors without stack traces. */
import { join, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { escapeControls } from "../lib/inference/escape_controls.ts";
import type { OnProgress, Progress } from "../lib/types.ts";

/** The time after which a stage shows the time left, in milliseconds. */
const LONG_MS = 5000;

/** The output and the clock of progress; tests replace them. */
export interface ProgressOutput {
  isTerminal: boolean;
  /** The number of characters per line. */
  columns: () => number;
  write: (text: string) => void;
  /** Returns the time in milliseconds. */
  now: () => number;
}

const STDERR: ProgressOutput = {
  isTerminal: Deno.stderr.isTerminal(),
  columns: () => Deno.consoleSize().columns || 80,
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  now: () => performance.now(),
};

/** Whether the last line of progress is still open. */
let isLineOpen = false;

/**
 * Shows progress on stderr. A terminal has one line, rewritten in place. A log gets a line at the start of a
 * stage, every five seconds, and at its end. Long stages show the time left.
 *
 * No package does this: cli-progress writes a line per update into a log, and ora has no totals.
 */
export function progressLine(output: ProgressOutput = STDERR): OnProgress {
  const { isTerminal, columns, write, now } = output;
  let stage: string | undefined, shownAt = 0, shown = "";
  let first = { done: 0, at: 0 };
  return (progress) => {
    const { done, total } = progress;
    const at = now();
    const isNew = progress.stage !== stage, isLast = done === total;
    if (isNew) first = { done, at };
    stage = progress.stage;
    if (!isNew && !isLast && at - shownAt < (isTerminal ? 100 : 5000)) return;
    shownAt = at;
    const isLong = at - first.at >= LONG_MS && done > first.done && !isLast;
    const left = isLong && total
      ? (at - first.at) * (total - done) / (done - first.done)
      : undefined;
    const text = printable(describeProgress(progress, left)).replaceAll("\n", " ");
    const state = describeProgress({ ...progress, detail: undefined });
    if (state === shown && (isLast || !isTerminal)) return; // a log has each line once
    shown = state;
    if (!isTerminal) return write(`${text}\n`);
    write(`\r\x1b[2K${text.slice(0, columns() - 1)}${isLast ? "\n" : ""}`);
    isLineOpen = !isLast;
  };
}

function describeProgress({ stage, done, total, detail }: Progress, left?: number): string {
  const count = total
    ? `: ${done} of ${total} (${
      done < total ? Math.min(99, Math.round(100 * done / total)) : 100
    }%)`
    : done > 0
    ? `: ${done}`
    : "";
  const isTold = left === undefined || detail?.endsWith(" left");
  return [stage + count, detail, isTold ? undefined : `${describeTime(left)} left`]
    .filter((part) => part).join(", ");
}

/** Formats milliseconds as `40 s`, `5 min` or `2 h 10 min`. */
function describeTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000), minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Runs a command in the user's folder. An error becomes one message on stderr and exit status 1; DEBUG=1 adds the stack trace. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  // `deno task` changes to the project's folder. This variable has the folder of the call.
  const cwd = Deno.env.get("INIT_CWD");
  if (cwd) Deno.chdir(cwd);
  try {
    await command();
  } catch (error) {
    endLine();
    console.error(`error: ${printable(error instanceof Error ? error.message : String(error))}`);
    if (Deno.env.get("DEBUG")) console.error(error);
    Deno.exitCode = 1;
  }
  endLine();
}

/** Ends an open line of progress. */
function endLine(): void {
  if (isLineOpen) console.error();
  isLineOpen = false;
}

/** Escapes control characters in each line of a text, so that file names cannot control the terminal. */
export function printable(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}

/** The result of a child process. */
export interface Outcome {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; a missing program gives a failed outcome. */
export async function run(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; signal?: AbortSignal } = {},
): Promise<Outcome> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      stdin: "null",
      ...options,
    }).output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    return { success: false, stdout: "", stderr: (error as Error).message };
  }
}

/** Runs a program in the foreground, where it alone handles Ctrl-C; resolves to its exit status. */
export async function runInForeground(
  program: string,
  args: string[],
  { passesInterrupt = false, ...options }: {
    env?: Record<string, string>;
    stdin?: "null";
    /** Whether the program is sent a SIGINT that came to this process: at Ctrl-C it gets two then. */
    passesInterrupt?: boolean;
  } = {},
): Promise<number> {
  const child = new Deno.Command(program, { args, ...options }).spawn();
  const passOn = (signal: Deno.Signal) => () => {
    try {
      child.kill(signal);
    } catch { /* it has just ended */ }
  };
  const listeners: [Deno.Signal, () => void][] = [
    ["SIGINT", passesInterrupt ? passOn("SIGINT") : () => {}],
  ];
  if (Deno.build.os !== "windows") listeners.push(["SIGTERM", passOn("SIGTERM")]);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  try {
    return (await child.status).code;
  } finally {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  }
}

/** Returns the last lines of an error output. */
export function lastLines(text: string, count = 3): string {
  return text.trim().split("\n").slice(-count).join("\n");
}

/** The project's folder. */
export const ROOT: string = join(import.meta.dirname!, "..");

/** The model that ships with the project. */
export const SHIPPED_MODEL: string = join(ROOT, "models/face-mask");

/** Parses a whole number for commander, which shows the error with the option's name. */
export function parseWholeNumber(smallest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= smallest) return value;
    throw new InvalidArgumentError(`A whole number from ${smallest} on is needed.`);
  };
}

/** Parses a number between two others for commander, like {@linkcode parseWholeNumber}. */
export function parseNumber(above: number, below: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[\d.]+$/.test(text) && value > above && value < below) return value;
    throw new InvalidArgumentError(`A number above ${above} and below ${below} is needed.`);
  };
}

/** Parses a path for commander; refuses an empty one, such as an unset variable. */
export function parsePath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("A path is needed.");
}

/** Returns the environment variables of the notebook's kernel, which runs in another folder than the user. */
export function kernelEnvironment(): Record<string, string> {
  const own = Deno.env.get("FACE_MASK_DATA");
  return own ? { FACE_MASK_DATA: resolve(own) } : {};
}
