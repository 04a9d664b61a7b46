/**
 * Reads files of this package and of its dependencies: from the disk on Deno, Node and Bun, by URL in web
 * pages. Imports nothing at run time.
 */

/** The part of Node's API that is used here. Deno and Bun have it, web pages do not. */
interface NodeModules {
  "node:fs": { existsSync(file: URL): boolean };
  "node:fs/promises": { readFile(file: URL): Promise<Uint8Array> };
  "node:module": { createRequire(from: string | URL): { resolve(name: string): string } };
  "node:url": { fileURLToPath(url: URL): string; pathToFileURL(path: string): URL };
}
interface NodeProcess {
  cwd(): string;
  getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name];
}

const UP = "../../"; // inside the call below, bundlers would bundle it as an asset

/** The URL of the folder that holds `lib` and `models`, with a slash at its end. */
export const PACKAGE_FOLDER: URL = new URL(UP, import.meta.url);

const { location, process } = globalThis as { location?: { href: string }; process?: NodeProcess };

/** Gets a module of Node; undefined in web pages. An import would break bundlers for web pages. */
function getNodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return process?.getBuiltinModule?.(name);
}

/** Returns the URL of the web page, or of the current folder. */
function getBase(): URL {
  const url = getNodeModule("node:url");
  return url ? url.pathToFileURL(`${process!.cwd()}/`) : new URL(location!.href);
}

/** Resolves an address relative to the web page, or to the current folder. */
export function toAddress(address: string): URL {
  return new URL(address, getBase());
}

/** Returns the path of a file on the disk, or the URL of any other. */
export function toPath(file: URL): string {
  const url = file.protocol === "file:" ? getNodeModule("node:url") : undefined;
  return url ? url.fileURLToPath(file) : file.href;
}

/**
 * Finds the folder of an installed package: first beside this package, then where the running program would
 * find it.
 *
 * @returns its URL, with a slash at its end; undefined in web pages
 * @throws {Error} if the package is not installed
 * @example
 * ```ts
 * import { findPackage } from "./package_files.ts";
 *
 * console.log(new URL("model/", findPackage("@vladmandic/face-api")).protocol); // file:
 * ```
 */
export function findPackage(name: string): URL | undefined {
  const module = getNodeModule("node:module");
  if (!module) return undefined;
  // If a program links this package, Deno's cache holds another copy, which set-up has not completed.
  const own = new URL(`node_modules/${name}/`, PACKAGE_FOLDER);
  if (own.protocol === "file:" && getNodeModule("node:fs")!.existsSync(own)) return own;
  // A file that was loaded over the network cannot resolve packages.
  const bases = [new URL(import.meta.url), getBase()].filter(({ protocol }) =>
    protocol === "file:"
  );
  let reason: unknown;
  for (const base of bases) {
    try {
      const manifest = module.createRequire(base).resolve(`${name}/package.json`);
      return new URL(".", getNodeModule("node:url")!.pathToFileURL(manifest));
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`the package ${name} is not installed`, { cause: reason });
}

/**
 * Reads a file from the disk or from the network.
 *
 * @throws {Error} if it cannot be read, with the reason as the cause
 */
export async function readFile(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const fs = file.protocol === "file:" ? getNodeModule("node:fs/promises") : undefined;
    if (fs) return Uint8Array.from(await fs.readFile(file));
    const response = await fetch(file);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Reads a JSON file, as {@linkcode readFile} does. */
export async function readJson(file: URL): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readFile(file)));
}
