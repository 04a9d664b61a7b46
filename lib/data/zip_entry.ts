/** Normalizes the names of zip entries, and checks their headers before they are read. */
import type { Entry } from "@zip.js/zip.js";

/** Limits of an archive. */
export interface EntryLimits {
  /** Files and folders. @default 200_000 */
  maxEntries?: number;
  /** Bytes of one unpacked file. @default 2 ** 28 (256 MiB) */
  maxEntryBytes?: number;
  /** Bytes of all unpacked files together. @default 2 ** 34 (16 GiB) */
  maxTotalBytes?: number;
  /** Unpacked bytes per byte of the archive: about 1 for photos, up to 30 for text. @default 100 */
  maxRatio?: number;
}

/** The entries that were checked so far. */
export interface Seen {
  names: Set<string>;
  bytes: number;
}

/** The most characters of a name in a message. */
const MAX_SHOWN = 200;
/** The Unix file types, in the top 4 bits of an entry's attributes, that are unpacked. */
const UNIX_TYPES = { none: 0, folder: 4, file: 8 };

/**
 * Decodes a name that is wrongly marked as UTF-8: bytes that are not ASCII become `%E9` and the like, so that
 * different names stay different. zip.js decodes other names: as UTF-8 if valid, else by code page 437, which has
 * one character per byte.
 */
export function decodeName(bytes: Uint8Array, encoding: string): string | undefined {
  if (encoding !== "utf-8") return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(
      bytes,
      (byte) => byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase()}`,
    ).join("");
  }
}

/**
 * Normalizes a name: backslashes separate folders, as in old Windows programs; `./` and double slashes are
 * removed. Unsafe names stay unsafe: zip.js refuses them.
 */
export function normalizeName(name: string): string {
  const parts = name.replaceAll("\\", "/").split("/");
  const root = parts.length > 1 && parts[0] === "" ? "/" : "";
  const end = parts.length > 1 && ["", "."].includes(parts.at(-1)!) ? "/" : "";
  const path = parts.filter((part) => part !== "" && part !== ".").join("/");
  // Some archives have an entry for the root folder.
  return name !== "" && path === "" && root === "" ? "./" : root + path + end;
}

/** Returns the fault of an entry, by its header; undefined if there is none. */
export function findFault(
  { filename, directory, encrypted, uncompressedSize, externalFileAttributes }: Entry,
  seen: Seen,
  archiveBytes: number,
  { maxEntries = 200_000, maxEntryBytes = 2 ** 28, maxTotalBytes = 2 ** 34, maxRatio = 100 }:
    EntryLimits,
): string | undefined {
  const unixType = externalFileAttributes >>> 28;
  const allBytes = seen.bytes + uncompressedSize;
  if (/\p{Cc}/u.test(filename)) return "a control character in its name";
  if (seen.names.has(filename)) return "its name occurs twice";
  if (!Object.values(UNIX_TYPES).includes(unixType)) return "a link or another special file";
  if (encrypted) return "encrypted";
  if (directory !== filename.endsWith("/")) {
    return "a folder by its name or its type, but not both";
  }
  if (directory && uncompressedSize > 0) return "a folder with content of its own";
  if (seen.names.size >= maxEntries) return `more than ${maxEntries} entries`;
  if (uncompressedSize > maxEntryBytes) return `${uncompressedSize} bytes, over ${maxEntryBytes}`;
  if (allBytes > maxTotalBytes) return `${allBytes} bytes up to here, over ${maxTotalBytes}`;
  if (allBytes > maxRatio * archiveBytes) {
    return `${allBytes} bytes up to here, over ${maxRatio} times the archive's ${archiveBytes}`;
  }
}

/** Quotes a name for messages, without characters that a terminal would interpret. */
export function quote(name: string): string {
  const start = name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name;
  return JSON.stringify(start).replace(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}
