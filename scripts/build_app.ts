/** Bundles the page's TypeScript and TensorFlow.js for the browser, with Vite. */
import { join } from "node:path";
import { createHash } from "node:crypto";
import { canWrite, userCacheFolder } from "../lib/data/data_folder.ts";
import { writeWholeFolder } from "../lib/files.ts";
import { ROOT } from "./terminal.ts";

/** Where the bundled page lies; git ignores it. */
export const PAGE_FOLDER: string = join(ROOT, "app/dist");
/** What the page is made of: when one of these is newer, it is made anew. */
const SOURCES = ["app", "lib", "deno.lock", "scripts/build_app.ts"];

/**
 * Builds the page where it is missing or older than its sources; takes some two seconds.
 *
 * @returns its folder: in the user's folder for caches, if the checkout cannot be written
 */
export async function buildApp(): Promise<string> {
  if (await isBuilt(PAGE_FOLDER)) return PAGE_FOLDER;
  // Two checkouts have two pages.
  const name = createHash("sha256").update(ROOT).digest("hex").slice(0, 16);
  const own = join(userCacheFolder(), "app", name);
  const folder = await canWrite(join(ROOT, "app")) ? PAGE_FOLDER : own;
  if (await isBuilt(folder)) return folder;
  const { build } = await import("vite");
  await writeWholeFolder(folder, async (part) => {
    await build({
      root: join(ROOT, "app"),
      configFile: false,
      publicDir: false,
      logLevel: "error",
      // lib names npm packages as Deno takes them from anywhere.
      resolve: { alias: [{ find: /^npm:(.+)@[^@/]+/, replacement: "$1" }] },
      build: {
        outDir: part,
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: Infinity,
      },
      worker: {
        format: "es",
        rolldownOptions: { output: { entryFileNames: "worker/[name]-[hash].js" } },
      },
    });
  }, { isDone: () => isBuilt(folder) });
  return folder;
}

/** Whether the page in a folder is newer than all its sources. */
async function isBuilt(folder: string): Promise<boolean> {
  const built = await newestChange(join(folder, "index.html"));
  const changed = await Promise.all(SOURCES.map((name) => newestChange(join(ROOT, name))));
  return built > Math.max(...changed);
}

/** When a file, or the newest in a folder, was changed, in milliseconds; 0 if there is none. */
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
