/** Where the package lies whose weights the detector starts from. */
import { dirname } from "@std/path";
import { createRequire } from "node:module";

/**
 * The folder of `@vladmandic/face-api`: its weights are in `model`, photos of groups in `demo`.
 *
 * @throws {Deno.errors.NotFound} if the package is not installed
 */
export function findPackage(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json"));
  } catch (cause) {
    throw new Deno.errors.NotFound(
      "the face detector is not installed: run `deno install` in the project's folder",
      { cause },
    );
  }
}
