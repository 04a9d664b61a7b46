/**
 * Reads files that come with this package, or with one that it depends on: on Deno, Node and Bun from the
 * disk, in pages by their addresses. Loads nothing.
 */

/** The part of Node's API, which Deno and Bun have too, that is used here. Pages have none of it. */
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

const UP = "../../"; // not in the call below, where bundlers would take it for a file of the page

/** The folder that holds `lib` and `models`; its address ends in a slash. */
export const PACKAGE_FOLDER: URL = new URL(UP, import.meta.url);

const { location, process } = globalThis as { location?: { href: string }; process?: NodeProcess };

/** A module of Node's, undefined in pages: an import would keep bundlers from making a page of this file. */
function getNodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return process?.getBuiltinModule?.(name);
}

/** The address of a page's folder, or of the current one. */
function getBase(): URL {
  const url = getNodeModule("node:url");
  return url ? url.pathToFileURL(`${process!.cwd()}/`) : new URL(location!.href);
}

/** An address that is relative to the page, or to the current folder. */
export function toAddress(address: string): URL {
  return new URL(address, getBase());
}

/** The path of a file on the disk; elsewhere, its address. */
export function toPath(file: URL): string {
  const url = file.protocol === "file:" ? getNodeModule("node:url") : undefined;
  return url ? url.fileURLToPath(file) : file.href;
}

/**
 * Finds the folder of an installed package: beside this package, or else where the program that runs would
 * find it.
 *
 * @returns its address, which ends in a slash; undefined in pages
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
  // A program that links this package has another copy, in Deno's cache, without what set-up installed.
  const own = new URL(`node_modules/${name}/`, PACKAGE_FOLDER);
  if (own.protocol === "file:" && getNodeModule("node:fs")!.existsSync(own)) return own;
  // From where this file was loaded over the network, no package can be looked for.
  const places = [new URL(import.meta.url), getBase()].filter(({ protocol }) =>
    protocol === "file:"
  );
  let reason: unknown;
  for (const place of places) {
    try {
      const manifest = module.createRequire(place).resolve(`${name}/package.json`);
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
 * @throws {Error} if it cannot be read; its `cause` says why
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

/** As {@linkcode readFile}, for JSON. */
export async function readJson(file: URL): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readFile(file)));
}
