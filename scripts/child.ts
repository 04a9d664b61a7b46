/** Programs that take a while: they end with this process, whatever ends it. */
import { join } from "node:path";

const TIED = join(import.meta.dirname!, "tied.ts");

/**
 * Starts a program that ends when this process does, even if that is killed.
 *
 * @param onLine Told of each line that it writes to its standard output.
 * @returns whether it succeeded, and what it wrote to standard error; a program that is not there failed
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
  await child.stdin.close().catch(() => {}); // it is closed by the child's end
  return { success, stderr: await stderr };
}
