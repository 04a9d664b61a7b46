/** Records of installed files, and digests to compare them. */
import { createHash } from "node:crypto";

/** Computes the SHA-256 of a text, in hexadecimal. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Computes the SHA-256 of a file of any length. */
export async function hashFile(
  file: string,
  encoding: "hex" | "base64url" = "hex",
): Promise<string> {
  const hash = createHash("sha256");
  using opened = await Deno.open(file);
  const bytes = new Uint8Array(2 ** 20);
  for (let count = 0; (count = await opened.read(bytes) ?? 0) > 0;) {
    hash.update(bytes.subarray(0, count));
  }
  return hash.digest(encoding);
}

/**
 * Reads a stamp.
 *
 * @returns undefined if it is missing, or was cut by a crash
 * @throws {Error} if it exists and cannot be read
 */
export async function readStamp<T extends object>(file: string): Promise<Partial<T> | undefined> {
  let text;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const stamp = JSON.parse(text);
    return stamp instanceof Object ? stamp : undefined;
  } catch {
    return undefined;
  }
}
