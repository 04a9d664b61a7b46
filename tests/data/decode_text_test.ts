import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeText, readLabelText } from "../../lib/data/decode_text.ts";

const TEXT = "<annotation><filename>Müller €.jpg</filename></annotation>";
const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) bytes.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(bytes.buffer);
}

/** In a code page of one byte a character, of which only these two are beyond ASCII. */
const inCodePage = (text: string, bytes: Record<string, number>) =>
  Uint8Array.from(text, (character) => bytes[character] ?? character.charCodeAt(0));

Deno.test("decodeText() goes by the byte order mark, then by the declaration", () => {
  const declared = (name: string) => `<?xml version="1.0" encoding="${name}"?>\n${TEXT}`;
  const cases: [string, Uint8Array, string][] = [
    ["UTF-8", utf8(TEXT), TEXT],
    ["UTF-8 with a mark", utf8("\ufeff" + TEXT), TEXT],
    ["UTF-16 LE with a mark", utf16("\ufeff" + TEXT, true), TEXT],
    ["UTF-16 BE with a mark", utf16("\ufeff" + TEXT, false), TEXT],
    ["UTF-16 LE without", utf16(TEXT, true), TEXT],
    ["UTF-16 BE without", utf16(TEXT, false), TEXT],
    ["UTF-16, declared", utf16("\ufeff" + declared("UTF-16"), true), declared("UTF-16")],
    ["UTF-8 that says UTF-16", utf8(declared("utf-16")), declared("utf-16")],
    ["the mark against the declaration", utf8("\ufeff" + declared("gb2312")), declared("gb2312")],
    [
      "windows-1252",
      inCodePage(declared("windows-1252"), { "ü": 0xfc, "€": 0x80 }),
      declared("windows-1252"),
    ],
    [
      "ISO-8859-15",
      inCodePage(declared("ISO-8859-15"), { "ü": 0xfc, "€": 0xa4 }),
      declared("ISO-8859-15"),
    ],
    [
      "in single quotes",
      inCodePage("<?xml version='1.0' encoding='cp1252'?>€", { "€": 0x80 }),
      "<?xml version='1.0' encoding='cp1252'?>€",
    ],
    [
      "Shift JIS",
      Uint8Array.of(...utf8("<?xml encoding='shift_jis'?>"), 0x83, 0x7d),
      "<?xml encoding='shift_jis'?>マ",
    ],
    ["bytes that UTF-8 has not", Uint8Array.of(0x61, 0xfc, 0x62), "a\ufffdb"],
    ["nothing", new Uint8Array(), ""],
  ];
  for (const [name, bytes, expected] of cases) assertEquals(decodeText(bytes), expected, name);
});

Deno.test("decodeText() refuses an encoding that is not known", () => {
  assertThrows(
    () => decodeText(utf8('<?xml version="1.0" encoding="klingon"?><a/>')),
    SyntaxError,
    'its encoding must be one that is known, got "klingon"',
  );
});

Deno.test("readLabelText() reads no more than it may", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, utf16("\ufeffmask", true));
  assertEquals(await readLabelText(file), "mask");
  await assertRejects(() => readLabelText(file, 9), RangeError, "at most 9 bytes, got 10");
  await Deno.remove(file);
});
