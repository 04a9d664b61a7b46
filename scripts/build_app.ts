/** Bundles the page's TypeScript and TensorFlow.js for the browser, with Rolldown. */
import { join } from "node:path";
import { createHash } from "node:crypto";
import { canWrite, userCacheFolder } from "../lib/data/data_folder.ts";
import { writeWholeFolder } from "../lib/files.ts";
import { ROOT } from "./terminal.ts";

/** The folder of the bundled page; git ignores it. */
export const PAGE_FOLDER: string = join(ROOT, "app/dist");
/** The sources of the page. If one is newer than the page, the page is built again. */
const SOURCES = ["app", "lib", "deno.lock", "scripts/build_app.ts"];

/**
 * Builds the page if it is missing or older than its sources, in about two seconds.
 *
 * @returns its folder; if the checkout cannot be written, this is in the user's cache folder
 */
export async function buildApp(): Promise<string> {
  if (await isBuilt(PAGE_FOLDER)) return PAGE_FOLDER;
  // Each checkout has a page of its own.
  const name = createHash("sha256").update(ROOT).digest("hex").slice(0, 16);
  const own = join(userCacheFolder(), "app", name);
  const folder = await canWrite(join(ROOT, "app")) ? PAGE_FOLDER : own;
  if (await isBuilt(folder)) return folder;
  await writeWholeFolder(folder, async (part) => {
    await bundle("main.ts", join(part, "main.js"));
    await bundle("worker.ts", join(part, "worker/worker.js"));
    for (const name of ["style.css", "icon.svg"]) {
      await Deno.copyFile(join(ROOT, "app", name), join(part, name));
    }
    const page = await Deno.readTextFile(join(ROOT, "app/index.html"));
    await Deno.writeTextFile(join(part, "index.html"), page.replace("./main.ts", "./main.js"));
  }, { isDone: () => isBuilt(folder) });
  return folder;
}

/** Puts a file of the page, and all that it imports, into one file of JavaScript. */
async function bundle(name: string, target: string): Promise<void> {
  const { rolldown } = await import("rolldown"); // not Vite around it, which takes a # in a path for an address's
  const bundler = await rolldown({
    input: join(ROOT, "app", name),
    platform: "browser",
    transform: { target: "es2022" },
    plugins: [{
      name: "addresses",
      // lib imports npm packages by their full specifiers, which Vite does not know.
      resolveId: {
        filter: { id: /^npm:/ },
        handler(id, importer) {
          return this.resolve(id.replace(/^npm:(.+)@[^@/]+/, "$1"), importer, { skipSelf: true });
        },
      },
      transform: (code) => code.replace('"./worker.ts"', '"./worker/worker.js"'),
    }],
  });
  try {
    await bundler.write({ file: target, format: "es", minify: true, codeSplitting: false });
  } finally {
    await bundler.close();
  }
}

/** Tells whether the page in a folder is newer than all its sources. */
async function isBuilt(folder: string): Promise<boolean> {
  const built = await newestChange(join(folder, "index.html"));
  const changed = await Promise.all(SOURCES.map((name) => newestChange(join(ROOT, name))));
  return built > Math.max(...changed);
}

/** Returns when a file, or the newest file in a folder, was changed, in milliseconds; 0 if there is none. */
async function newestChange(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path).catch(() => ({
    isDirectory: false,
    mtime: null,
  }));
  if (!isDirectory) return mtime?.getTime() ?? 0;
  const entries = (await Array.fromAsync(Deno.readDir(path)))
    .filter(({ name }) => !/^\.?dist/.test(name));
  return Math.max(
    0,
    ...await Promise.all(entries.map(({ name }) => newestChange(join(path, name)))),
  );
}
