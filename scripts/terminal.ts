/** What the commands have in common: progress on one line, and errors without stack traces. */
import { join, resolve } from "@std/path";
import { InvalidArgumentError } from "commander";
import type { OnProgress } from "../lib/types.ts";

const isTerminal = Deno.stderr.isTerminal();
const encoder = new TextEncoder();

/**
 * Shows progress on stderr: on a terminal on one line, rewritten in place; elsewhere, as in a log, a
 * line when a stage begins, every five seconds, and at its end.
 */
export function progressLine(): OnProgress {
  let stage = "", shownAt = 0;
  return (progress) => {
    const { done, total, detail } = progress;
    const isNew = progress.stage !== stage;
    const isLast = done === total;
    stage = progress.stage;
    if (!isNew && !isLast && Date.now() - shownAt < (isTerminal ? 100 : 5000)) return;
    shownAt = Date.now();
    const state = total
      ? `${stage}: ${done} of ${total} (${Math.round(100 * done / total)}%)`
      : done > 0
      ? `${stage}: ${done}`
      : stage;
    const text = detail ? `${state}, ${detail}` : state;
    if (isTerminal) Deno.stderr.writeSync(encoder.encode(`\r\x1b[2K${text}${isLast ? "\n" : ""}`));
    else console.error(text);
  };
}

/** Runs a command where the user stands: an error becomes one message on stderr and exit status 1. DEBUG=1 adds the stack trace. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  // `deno task` goes to the project's folder, and says in this variable where it was called.
  Deno.chdir(Deno.env.get("INIT_CWD") ?? ".");
  try {
    await command();
  } catch (error) {
    console.error(`error: ${printable(error instanceof Error ? error.message : String(error))}`);
    if (Deno.env.get("DEBUG")) console.error(error);
    Deno.exitCode = 1;
  }
}

/** A text with names of files and the like in it, without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(
    /(?!\n)\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** What a child process did. */
export interface Outcome {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; one that is not there is an outcome too. */
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

/** Runs a program that has the terminal, and Ctrl-C, to itself until it ends; resolves to its exit status. */
export async function runInForeground(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; stdin?: "null" } = {},
): Promise<number> {
  const leaveToChild = () => {};
  Deno.addSignalListener("SIGINT", leaveToChild);
  try {
    return (await new Deno.Command(program, { args, ...options }).spawn().status).code;
  } finally {
    Deno.removeSignalListener("SIGINT", leaveToChild);
  }
}

/** The last lines of a program's complaint. */
export function lastLines(text: string, count = 3): string {
  return text.trim().split("\n").slice(-count).join("\n");
}

/** The project's folder. */
export const ROOT: string = join(import.meta.dirname!, "..");

/** The model that ships with the project. */
export const SHIPPED_MODEL: string = join(ROOT, "models/face-mask");

/** Reads a whole number for commander, which shows the error with the option's name. */
export function parseWholeNumber(smallest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= smallest) return value;
    throw new InvalidArgumentError(`A whole number from ${smallest} on is needed.`);
  };
}

/** Reads a number between two others for commander, as {@linkcode parseWholeNumber} does. */
export function parseNumber(above: number, below: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[\d.]+$/.test(text) && value > above && value < below) return value;
    throw new InvalidArgumentError(`A number above ${above} and below ${below} is needed.`);
  };
}

/** Reads a path for commander: an empty one, as of a variable that is not set, is a mistake. */
export function parsePath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("A path is needed.");
}

/** What the notebook's kernel needs to know; it runs in another folder than the user stands in. */
export function kernelEnvironment(): Record<string, string> {
  const own = Deno.env.get("FACE_MASK_DATA");
  return own ? { FACE_MASK_DATA: resolve(own) } : {};
}
