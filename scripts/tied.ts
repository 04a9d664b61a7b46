/**
 * Runs a program until the parent process ends, even if the parent is killed. The end of the parent closes
 * this process's standard input.
 *
 * Usage: deno run -A tied.ts PROGRAM [ARGUMENT...]
 */
const [program, ...args] = Deno.args;
const child = spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
  Deno.addSignalListener(signal, () => child.kill(signal));
}
Deno.stdin.readable.pipeTo(new WritableStream()).then(() => child.kill("SIGKILL")).catch(() => {});
Deno.exit((await child.status).code);

function spawn(): Deno.ChildProcess {
  try {
    return new Deno.Command(program!, { args, stdin: "null" }).spawn();
  } catch (error) {
    console.error((error as Error).message);
    return Deno.exit(127);
  }
}
