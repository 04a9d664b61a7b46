/** Finds a Python that is new enough. */
import { run } from "./terminal.ts";

/** The first of `python3`, `python` and `py` that is Python 3.10 or newer. PYTHON in the environment wins. */
export async function findPython(): Promise<string | undefined> {
  const test = "import sys; sys.exit(sys.version_info < (3, 10))";
  for (const python of [Deno.env.get("PYTHON"), "python3", "python", "py"]) {
    if (python && (await run(python, ["-c", test])).success) return python;
  }
  return undefined;
}
