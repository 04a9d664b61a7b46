/** Ways to damage a PASCAL VOC annotation by what XML allows, and what it does not. */
import type { Random } from "../../lib/types.ts";
import { join, type Mutate, pick } from "./bytes.ts";

const NUMBERS = [
  "",
  "0",
  "-1",
  "1",
  "1e308",
  "0x10",
  "NaN",
  "-0",
  "1.5",
  "99999999999",
  "999999999",
  "１２",
];

/** A mutation of the text, whatever bytes are no UTF-8. */
const ofText = (way: (text: string, random: Random) => string): Mutate => (bytes, random) =>
  new TextEncoder().encode(way(new TextDecoder().decode(bytes), random));

/** Replaces one of the matches. */
function replaceOne(
  text: string,
  pattern: RegExp,
  random: Random,
  by: (match: string) => string,
): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: match, index } = pick(found, random);
  return text.slice(0, index) + by(match) + text.slice(index + match.length);
}

const TAG = /<\/?\w+>/g;
const OBJECT = /<object>.*?<\/object>/gs;

export const XML_WAYS: Record<string, Mutate> = {
  number: ofText((text, random) =>
    replaceOne(text, /(?<=>)\d+(?=<)/g, random, () => pick(NUMBERS, random))
  ),
  dropTag: ofText((text, random) => replaceOne(text, TAG, random, () => "")),
  renameTag: ofText((text, random) =>
    replaceOne(
      text,
      TAG,
      random,
      () => `<${pick(["name", "object", "xmin", "a:b", "annotation"], random)}>`,
    )
  ),
  dropElement: ofText((text, random) => replaceOne(text, /<(\w+)>[^<]*<\/\1>/g, random, () => "")),
  repeatElement: ofText((text, random) =>
    replaceOne(text, /<(\w+)>[^<]*<\/\1>/g, random, (element) => element + element)
  ),
  manyFaces: ofText((text, random) =>
    replaceOne(text, OBJECT, random, (object) => object.repeat(pick([2, 50, 2000], random)))
  ),
  swapCorners: ofText((text) =>
    text.replaceAll("xmin>", "x>").replaceAll("xmax>", "xmin>").replaceAll("x>", "xmax>")
  ),
  nest: ofText((text, random) => {
    const depth = pick([10, 1000, 5000, 100_000], random);
    return replaceOne(text, /(?=<)/g, random, () => "<a>".repeat(depth) + "</a>".repeat(depth));
  }),
  longText: ofText((text, random) =>
    replaceOne(
      text,
      /(?<=>)\w+(?=<)/g,
      random,
      (value) => value.repeat(pick([100, 2000], random)),
    )
  ),
  attributes: ofText((text, random) =>
    replaceOne(text, /(?<=<\w+)(?=>)/g, random, () => {
      const names = Array.from({ length: pick([1, 5000], random) }, (_, i) => ` a${i}="&lt;"`);
      return names.join("") + pick(["", ' a0="1"', ' b="', " c=1"], random);
    })
  ),
  controlCharacter: ofText((text, random) =>
    replaceOne(
      text,
      /(?<=>)\w+(?=<)/g,
      random,
      (value) =>
        `${value}${pick(["\x1b[2J", "\0", "\x07", "&#27;[2J", "&#x1F600;", "\u202e"], random)}`,
    )
  ),
  declaration: ofText((text, random) => {
    const laughs = Array.from(
      { length: 9 },
      (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
    );
    return pick([
      `<!DOCTYPE annotation [<!ENTITY l0 "lol">${laughs.join("")}]>`,
      '<!DOCTYPE annotation [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
      '<!DOCTYPE annotation [<!ENTITY l9 "l9"',
      '<?xml version="1.1" encoding="utf-16"?>',
      '<?xml version="1.0" encoding="latin1"?>',
      "<!-- no end",
      "<![CDATA[",
    ], random) + text.replace(/(?<=<filename>)[^<]*/, () =>
      pick(["&l9;", "&#0;", "&#x110000;", "&lt"], random));
  }),
  byteOrderMark: (bytes, random) =>
    join(pick([[0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff]], random), bytes),
  utf16: (bytes) => join([0xff, 0xfe], ...[...bytes].map((byte) => [byte, 0])),
  /** Letters that are no UTF-8. */
  latin1: (bytes) => bytes.map((byte) => byte === 0x61 ? 0xe4 : byte),
};
