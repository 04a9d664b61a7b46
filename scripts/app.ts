/** `deno task app`: serves the page that finds masks in photos and camera pictures. */
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { buildApp } from "./build_app.ts";
import { runLimited } from "./limited.ts";
import { readPageFiles, serveFiles } from "./serve_app.ts";
import { parsePath, parseWholeNumber, runCommand, SHIPPED_MODEL } from "./terminal.ts";

const { model, port, host } = new Command("deno task app")
  .description(
    "Serves a page to this machine's browser. The page finds masks in photos and camera pictures. " +
      "Photos never leave the machine. Ctrl-C stops the server.",
  )
  .option("--model <folder>", "a saved model", parsePath, SHIPPED_MODEL)
  .option(
    "--port <n>",
    "the port on 127.0.0.1; 0 means any free port",
    parseWholeNumber(0),
    8000,
  )
  .option(
    "--host <name>",
    "a further host name of the page, such as that of a forwarding server; can be given more than once",
    (name: string, names: string[]) => [...names, parseHost(name)],
    [],
  )
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<{ model: string; port: number; host: string[] }>();

/** Parses a host name for commander. */
function parseHost(text: string): string {
  if (/^([\w.-]+|\[[\da-f:]+\])$/i.test(text)) return text;
  throw new InvalidArgumentError("It must be a host name, without http:// and without a port.");
}

await runCommand(async () => {
  const { isFile } = await Deno.stat(join(model, "model.json")).catch(() => ({ isFile: false }));
  if (!isFile) {
    throw new Deno.errors.NotFound(
      `${model} holds no model.json: train one with \`deno task train\`, or name another with --model`,
    );
  }
  const page = await buildApp();
  if (await runLimited({ read: [model], listen: true })) return;
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  const { url, finished } = serveFiles(await readPageFiles(model, page), {
    port,
    names: host,
    signal: interruption.signal,
  });
  console.log(`the page is at ${url}\nCtrl-C stops it`);
  await finished;
});
