/**
 * `deno task bench app`: measures frames per second of the page's camera in headless Chromium, without a
 * graphics card, with one face at 640 x 480 pixels. Prints JSON.
 */
import { join } from "node:path";
import { Command } from "commander";
import { buildApp } from "../scripts/build_app.ts";
import { readPageFiles, serveFiles } from "../scripts/serve_app.ts";
import { parseWholeNumber, runCommand, SHIPPED_MODEL } from "../scripts/terminal.ts";
import { launchChromium, writeCameraClip } from "../tests/fixtures/chromium.ts";
import { spread } from "./peers.ts";

const { model, backend, seconds } = new Command("deno task bench app")
  .description("Measures the page's camera in Chromium; prints JSON.")
  .option("--model <folder>", "a saved model", SHIPPED_MODEL)
  .option("--backend <name>", "webgpu, webgl or wasm (default: the page's choice)")
  .option(
    "--seconds <n>",
    "seconds to measure, after five seconds of warm-up",
    parseWholeNumber(1),
    20,
  )
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" })
  .opts<{ model: string; backend?: string; seconds: number }>();

await runCommand(async () => {
  const folder = await Deno.makeTempDir();
  const clip = join(folder, "clip.y4m");
  await writeCameraClip(clip);
  await buildApp();
  const end = new AbortController();
  const { url, finished } = serveFiles(await readPageFiles(model), { port: 0, signal: end.signal });
  const browser = await launchChromium({ cameraClip: clip });
  try {
    const page = await browser.newPage();
    await page.goto(backend ? `${url}?backend=${backend}` : url);
    await page.getByText("Ready.").waitFor();
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.getByText(/^1 face: 1 /).waitFor();
    await page.waitForTimeout(5000);
    const speeds: number[] = [];
    for (let second = 0; second < seconds; second++) {
      await page.waitForTimeout(1000);
      speeds.push(Number(await page.locator("#speed dd").textContent()));
    }
    const engine = await page.locator("#engine").textContent();
    console.log(JSON.stringify({ engine, framesPerSecond: spread(speeds) }));
  } finally {
    await browser.close();
    end.abort();
    await finished;
    await Deno.remove(folder, { recursive: true });
  }
});
