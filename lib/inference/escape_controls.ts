/** Escapes control characters in file names, so that a terminal does not interpret them. */

/** Control characters, bidirectional controls, and the line ends of Unicode. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Escapes control characters as `\x1b` and bidirectional controls as `\u202e`. File names can contain them, to
 * hide an extension or to control the terminal. Line ends are escaped too.
 *
 * @example
 * ```ts
 * import { escapeControls } from "./escape_controls.ts";
 *
 * console.log(escapeControls("a\nb\u202egpj.exe")); // a\x0ab\u202egpj.exe
 * ```
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (char) => {
    const code = char.charCodeAt(0);
    return code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/**
 * Escapes the same characters in a JSON text. They occur only in its strings, so its value is unchanged.
 *
 * @example
 * ```ts
 * import { escapeJsonControls } from "./escape_controls.ts";
 *
 * console.log(escapeJsonControls(JSON.stringify("a\u202eb"))); // "a\u202eb"
 * ```
 */
export function escapeJsonControls(json: string): string {
  return json.replace(CONTROLS, (char) => `\\u${hex(char.charCodeAt(0), 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
