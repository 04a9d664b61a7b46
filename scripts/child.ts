/** Runs long programs that end when this process ends. */
import { join } from "node:path";

const TIED = join(import.meta.dirname!, "tied.ts");

/**
 * Runs a program that ends when this process ends, even if this process is killed.
 *
 * @param onLine Called with each line of the program's standard output.
 * @returns whether the program succeeded, and its standard error; a missing program counts as failed
 */
export async function runTied(
  program: string,
  args: string[],
  { onLine = () => {}, ...options }: {
    onLine?: (line: string) => void;
    env?: Record<string, string>;
    cwd?: string;
  } = {},
): Promise<{ success: boolean; stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-lock", "-A", TIED, program, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
  const stderr = new Response(child.stderr).text();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(onLine);
  }
  const { success } = await child.status;
  await child.stdin.close().catch(() => {}); // already closed if the child has ended
  return { success, stderr: await stderr };
}
