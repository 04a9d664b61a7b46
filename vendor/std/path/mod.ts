/**
 * A stand-in for the JSR package `@std/path`, for networks that do not reach JSR: the same names and
 * results, on Node's own `path`. Delete the `links` in the root deno.json to use the published one.
 */
import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const { basename, dirname, extname, isAbsolute, join, normalize, relative, resolve } = path;
/** The platform's path separator. */
export const SEPARATOR: string = path.sep;
/** The path that a `file:` URL names. */
export const fromFileUrl = (url: string | URL): string => fileURLToPath(url);
/** The `file:` URL of an absolute path. */
export const toFileUrl = (file: string): URL => pathToFileURL(file);
