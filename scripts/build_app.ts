/** Bundles the page's TypeScript and TensorFlow.js for the browser, with Vite. */
import { join } from "@std/path";
import { ROOT } from "./terminal.ts";

/** Where the bundled page lies; git ignores it. */
export const PAGE_FOLDER: string = join(ROOT, "app/dist");
/** What the page is made of: when one of these is newer, it is made anew. */
const SOURCES = ["app", "lib", "deno.lock", "scripts/build_app.ts"];

/** Builds the page where it is missing or older than its sources; takes some two seconds. */
export async function buildApp(): Promise<void> {
  // One at a time; the system frees the lock of one that was killed.
  using lock = await Deno.open(join(ROOT, "node_modules/.app.lock"), { create: true, write: true });
  await lock.lock(true);
  const built = await newestChange(join(PAGE_FOLDER, "index.html"));
  const changed = await Promise.all(SOURCES.map((name) => newestChange(join(ROOT, name))));
  if (built > Math.max(...changed)) return;
  const { build } = await import("vite");
  const part = await Deno.makeTempDir({ dir: join(ROOT, "app"), prefix: "dist-" });
  try {
    await build({
      root: join(ROOT, "app"),
      configFile: false,
      publicDir: false,
      logLevel: "error",
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
    await Deno.remove(PAGE_FOLDER, { recursive: true }).catch(() => {});
    await Deno.rename(part, PAGE_FOLDER);
  } catch (error) {
    await Deno.remove(part, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** When a file, or the newest in a folder, was changed, in milliseconds; 0 if there is none. */
async function newestChange(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path).catch(() => ({
    isDirectory: false,
    mtime: null,
  }));
  if (!isDirectory) return mtime?.getTime() ?? 0;
  const entries = (await Array.fromAsync(Deno.readDir(path)))
    .filter(({ name }) => !name.startsWith("dist"));
  return Math.max(
    0,
    ...await Promise.all(entries.map(({ name }) => newestChange(join(path, name)))),
  );
}
