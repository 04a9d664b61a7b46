/** The bytes of a label file to text, in the encoding that they are in. */

/** Kaggle's largest annotation, of 115 faces, has 39 kB. */
const MAX_BYTES = 2 ** 20;
/** Bytes in which an XML declaration names its encoding. */
const DECLARATION_BYTES = 200;

/**
 * Decodes text by its byte order mark, or else as its XML declaration says, or else as UTF-8.
 *
 * Source: XML 1.0, appendix F, https://www.w3.org/TR/xml/#sec-guessing
 *
 * @throws {SyntaxError} if the declaration names an encoding that is not known
 * @example
 * ```ts
 * import { decodeText } from "./decode_text.ts";
 *
 * console.log(decodeText(Uint8Array.of(0xfe, 0xff, 0x20, 0xac))); // €
 * ```
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  // A mark, or "<" in two bytes; both are as good as certain.
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) {
    return new TextDecoder("utf-16le").decode(bytes);
  }
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) {
    return new TextDecoder("utf-16be").decode(bytes);
  }
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, DECLARATION_BYTES));
  const [, label = "utf-8"] = /^<\?xml[^>]*?\bencoding\s*=\s*["']([^"']*)["']/.exec(start) ?? [];
  // Programs that make a string first declare UTF-16, and then write the string as UTF-8.
  const isString = /^utf-?16|^ucs-?2/i.test(label);
  try {
    return new TextDecoder(isString ? "utf-8" : label).decode(bytes);
  } catch (cause) {
    const shown = JSON.stringify(label.slice(0, 40));
    throw new SyntaxError(`its encoding must be one that is known, got ${shown}`, { cause });
  }
}

/**
 * Reads the text of a file of labels.
 *
 * @param maxBytes What is longer is not read.
 * @throws {RangeError} if the file has more bytes
 * @throws {Deno.errors.InvalidData} if it is not a regular file, such as a pipe
 * @throws what {@linkcode decodeText} throws
 */
export async function readLabelText(file: string, maxBytes = MAX_BYTES): Promise<string> {
  const { size, isFile } = await Deno.stat(file);
  if (!isFile) throw new Deno.errors.InvalidData("must be a regular file");
  if (size > maxBytes) {
    throw new RangeError(`needs an annotation of at most ${maxBytes} bytes, got ${size}`);
  }
  return decodeText(await Deno.readFile(file));
}
