import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { type Annotation, parseAnnotation } from "../../lib/data/voc.ts";
import { seededRandom } from "../../lib/random.ts";

/** An annotation as of a photo of its `<size>`. */
const read = (xml: string) => parseAnnotation(xml).place();
const box = (xmin: unknown, ymin: unknown, xmax: unknown, ymax: unknown) =>
  `<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox>`;
const face = (name: string, bndbox: string) => `<object><name>${name}</name>${bndbox}</object>`;
/** An annotation of a photo of 100 x 80 pixels. */
const annotate = (...objects: string[]) =>
  `<annotation><folder>images</folder><filename>a.jpg</filename>
    <size><width>100</width><height>80</height><depth>3</depth></size>${objects.join("\n")}
  </annotation>`;

Deno.test("parseAnnotation() reads faces as Kaggle's set has them", () => {
  // With the stray text that one of its files has between two elements.
  const { filename, labels, place } = parseAnnotation(`<annotation>
    <folder>images</folder>
    <filename>maksssksksss0.png</filename>
    <size><width>512</width><height>366</height><depth>3</depth></size>
    <segmented>0</segmented>
    <object>
        <name>without_mask</name><pose>Unspecified</pose><truncated>0</truncated>
        <occluded>0</occluded><difficult>0</difficult>
        <bndbox><xmin>79</xmin><ymin>105</ymin><xmax>109</xmax><ymax>142</ymax></bndbox>file:/a/b.xml
    </object>
    <object>
        <name>mask_weared_incorrect</name>
        <bndbox><xmin>185</xmin><ymin>100</ymin><xmax>226</xmax><ymax>144</ymax></bndbox>
    </object>
  </annotation>`);
  assertEquals(filename, "maksssksksss0.png");
  assertEquals(labels, ["without_mask", "mask_weared_incorrect"]);
  const isDifficult = false;
  assertEquals(place(), {
    faces: [
      { label: labels[0]!, box: { left: 78, top: 104, width: 31, height: 38 }, isDifficult },
      { label: labels[1]!, box: { left: 184, top: 99, width: 42, height: 45 }, isDifficult },
    ],
    dropped: [],
    notes: [],
  });
});

Deno.test("parseAnnotation() counts pixels from 1, clips boxes to the photo, drops invalid boxes", () => {
  const cases: [(number | string)[], (number[] | undefined)?, string?][] = [
    [[1, 1, 100, 80], [0, 0, 100, 80]],
    [[1, 1, 2, 2], [0, 0, 2, 2]],
    [["10.4", "10.6", "20.4", "20.6"], [9, 10, 11, 11]],
    [[" 11 ", 11, 20, 20], [10, 10, 10, 10]],
    [[91, 71, 101, 81], [90, 70, 10, 10], "face 1: box 91, 71, 101, 81 is clipped to"],
    [[0, -9, 10, 10], [0, 0, 10, 10], "is clipped"],
    [[-50, -50, 999999999, 999999999], [0, 0, 100, 80], "is clipped"],
    [[20, 10, 10, 20], undefined, "face 1: empty or inverted box 20, 10, 10, 20"],
    [[10, 10, 10, 20], undefined, "empty or inverted"],
    [[101, 10, 120, 20], undefined, "lies outside the photo of 100 x 80"],
    [[10, -30, 20, 0], undefined, "lies outside"],
    [["", 1, 2, 3], undefined, "four numbers, got ?, 1, 2, 3"],
    [["1e3", "0x10", "NaN", "Infinity"], undefined, "four numbers, got ?, ?, ?, ?"],
    [[1, 1, "9".repeat(400), 2], undefined, "four numbers"],
  ];
  for (const [corners, expected, message] of cases) {
    const [xmin, ymin, xmax, ymax] = corners;
    const annotation = read(annotate(face("with_mask", box(xmin, ymin, xmax, ymax))));
    const boxes = annotation.faces.map(({ box }) => [box.left, box.top, box.width, box.height]);
    assertEquals(boxes, expected ? [expected] : [], `${corners}`);
    const messages = [...annotation.dropped, ...annotation.notes.map(({ reason }) => reason)];
    assertEquals(messages.length, message ? 1 : 0, `${corners}`);
    assertStringIncludes(messages.join(), message ?? "");
    assertEquals(annotation.dropped.length, expected ? 0 : 1, `${corners}`);
  }
});

Deno.test("parseAnnotation() lists faces it cannot use and keeps the others", () => {
  const good = face("with_mask", box(1, 1, 9, 9));
  const { faces, dropped } = read(annotate(
    good,
    face("person", box(1, 1, 9, 9)), // which class that is, the whole set tells
    face("", box(1, 1, 9, 9)),
    `<object>${box(1, 1, 9, 9)}</object>`,
    face("with_mask", ""),
    face("with_mask", box(1, 1, 9, 9) + box(2, 2, 9, 9)),
    `<object/>`,
    good,
  ));
  assertEquals(faces.map(({ label }) => label), ["with_mask", "person", "with_mask"]);
  assertEquals(dropped.map((line) => line.slice(0, 31)), [
    "face 3: needs one <name> of a c",
    "face 4: needs one <name> of a c",
    "face 5: needs one <bndbox> of f",
    "face 6: needs one <bndbox> of f",
    "face 7: needs one <name> of a c",
  ]);
});

Deno.test("parseAnnotation() notes a size it cannot use", () => {
  for (const size of ["", "<size/>", "<size><width>0</width><height>0</height></size>"]) {
    const { faces, notes } = read(
      `<annotation>${size}${face("with_mask", box(5, 5, 900, 900))}</annotation>`,
    );
    assertEquals(faces[0]!.box, { left: 4, top: 4, width: 896, height: 896 });
    assertEquals(notes, [
      { kind: "no size", reason: "no usable <size>: boxes are not checked against the photo" },
    ]);
  }
});

Deno.test("parseAnnotation() refuses hostile and broken documents, at once", () => {
  const lots = 100_000;
  const laughs = "<!DOCTYPE annotation [<!ENTITY a0 'ha'>" +
    Array.from({ length: 30 }, (_, i) => `<!ENTITY a${i + 1} '&a${i};&a${i};&a${i};'>`).join("") +
    "]><annotation><filename>&a30;</filename></annotation>";
  const cases: [string, string][] = [
    ["", "not well-formed XML: Root element is missing"],
    ["no XML", "not well-formed XML: Root element is missing"],
    ["<annotation>", "not well-formed XML: Missing end tag for element annotation"],
    ["<annotation", "not well-formed XML: Unclosed start tag"],
    ["<annotation><object></annotation></object>", "not well-formed XML: Missing end tag"],
    ["<html></html>", 'needs an <annotation>, got "html"'],
    [`<${"x".repeat(lots)}/>`, `needs an <annotation>, got "${"x".repeat(40)}"`],
    [laughs, "not well-formed XML: Named entity isn't defined: &a30;"],
    [
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>',
      "Named entity isn't defined: &x;",
    ],
    ["<annotation>".repeat(lots), "too deeply nested XML"],
    ["<a>".repeat(lots) + "</a>".repeat(lots), "too deeply nested XML"],
    ["<a ".repeat(lots), "not well-formed XML"],
    ["<".repeat(lots), "not well-formed XML"],
    ["<annotation><!--" + "<!--".repeat(lots), "not well-formed XML"],
    ["<annotation>\0</annotation>", "not well-formed XML: Invalid character"],
    ["\ufeff\u0000<\u0000a", "not well-formed XML"],
  ];
  for (const [xml, message] of cases) {
    const start = performance.now();
    assertThrows(() => parseAnnotation(xml), SyntaxError, message);
    assertLess(performance.now() - start, 1000, message);
  }
});

Deno.test("parseAnnotation() takes 300 mutated annotations without a crash or a box outside", () => {
  const whole = annotate(
    face("with_mask", box(5, 5, 40, 40)),
    face("without_mask", box(50, 10, 99, 80)),
    face("mask_weared_incorrect", box(1, 1, 20, 20)),
  );
  const names = ["object", "name", "bndbox", "xmin", "xmax", "size", "width", "with_mask"];
  const elements = [
    /<object>[^]*?<\/object>/g,
    /<(bndbox|size)>[^]*?<\/\1>/g,
    /<(\w+)>[^<]*<\/\1>/g,
  ];
  const tokens = [
    ...["<", ">", "</", "/>", "&", "&#x41;", "&lt;", "]]>", "<![CDATA[", "<!--", "-->", "<?", "?>"],
    ...["<!DOCTYPE a>", "\0", "\ud800", "-", "1e999", "99999999999", "__proto__", "<object>"],
    ...["</bndbox>", "<bndbox>", "<size>", "with_mask", "annotation", '"', "=", "\n"],
  ];
  const outcomes = { read: 0, refused: 0 };
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed);
    const upTo = (most: number) => Math.floor(random() * most);
    const pick = <T>(items: readonly T[]) => items[upTo(items.length)]!;
    const element = () => pick(xml.match(pick(elements)) ?? ["<object>"]);
    let xml = whole;
    const isTame = seed % 2 === 0; // leaves the document well-formed
    for (let edits = 1 + upTo(4); edits > 0; edits--) {
      const at = upTo(xml.length), length = upTo(30), token = pick(tokens);
      xml = pick(
        isTame
          ? [
            () => xml.replaceAll(/\d+/g, (digits) => random() < 0.3 ? `${upTo(200) - 50}` : digits),
            () => xml.replaceAll(pick(names), pick(names)),
            () => xml.replace(element(), ""),
            () => xml.replace(element(), (found) => found + found),
            () => xml.replace(element(), element),
          ]
          : [
            () => xml.slice(0, at) + xml.slice(at + length),
            () => xml.slice(0, at) + token + xml.slice(at),
            () => xml.slice(0, at) + token + xml.slice(at + token.length),
            () => xml.slice(0, at) + xml.slice(Math.max(at - length, 0)),
            () => xml.slice(0, at) + String.fromCharCode(upTo(65536)) + xml.slice(at + 1),
            () => xml.slice(0, at),
          ],
      )();
    }
    const start = performance.now();
    let annotation: Annotation | undefined;
    try {
      annotation = read(xml);
      outcomes.read++;
    } catch (error) {
      assert(error instanceof SyntaxError && error.message.length < 300, `seed ${seed}: ${error}`);
      outcomes.refused++;
    }
    assertLess(performance.now() - start, 500, `seed ${seed}`);
    const isSized = isTame &&
      !annotation?.notes.some(({ kind }) => kind === "no size");
    for (const { box } of annotation?.faces ?? []) {
      const { left, top, width, height } = box;
      assert([left, top, width, height].every(Number.isInteger), `seed ${seed}`);
      assert(left >= 0 && top >= 0 && width >= 1 && height >= 1, `seed ${seed}`);
      if (!isSized) continue;
      assert(left + width <= Number(/<width>(.*?)</.exec(xml)![1]), `seed ${seed}`);
      assert(top + height <= Number(/<height>(.*?)</.exec(xml)![1]), `seed ${seed}`);
    }
  }
  // Both happen often, or the mutations are too tame or too wild to find anything.
  assert(outcomes.read > 60 && outcomes.refused > 60, JSON.stringify(outcomes));
});
