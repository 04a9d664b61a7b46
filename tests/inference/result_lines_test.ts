import { assertEquals } from "@std/assert";
import type { FileResult } from "../../lib/inference/predict_files.ts";
import { formatHead, formatResult } from "../../lib/inference/result_lines.ts";

const face = {
  box: { left: 1.234, top: 2, width: 30.5, height: 40 },
  label: "with_mask" as const,
  probability: 0.97,
  score: 0.5,
};
const CASES: [FileResult, text: string, json: string, csv: string][] = [
  [
    { file: "a.jpg", label: "with_mask", probability: 0.97 },
    "a.jpg: with mask (97.0%)\n",
    '{"file":"a.jpg","label":"with_mask","probability":0.97}\n',
    "a.jpg,with_mask,0.97,,,,,,,\n",
  ],
  [
    { file: "a.jpg", label: "with_mask", probability: 0.6, unsure: true },
    "a.jpg: unsure, perhaps with mask (60.0%)\n",
    '{"file":"a.jpg","label":"with_mask","probability":0.6,"unsure":true}\n',
    "a.jpg,unsure,0.6,,,,,,,\n",
  ],
  [
    { file: 'say "a, b".jpg', error: "not a\nphoto" },
    'say "a, b".jpg: not a photo\n',
    '{"file":"say \\"a, b\\".jpg","error":"not a\\nphoto"}\n',
    '"say ""a, b"".jpg",,,,,,,,,"not a\nphoto"\n',
  ],
  [
    { file: "a.jpg", faces: [] },
    "a.jpg: no face found\n",
    '{"file":"a.jpg","faces":[]}\n',
    "a.jpg,,,,,,,,0,\n",
  ],
  [
    { file: "a.jpg", faces: [face, { ...face, label: "without_mask", probability: 0.6 }] },
    "a.jpg: with mask (97.0%), without mask (60.0%)\n",
    '{"file":"a.jpg","faces":[{"box":{"left":1.23,"top":2,"width":30.5,"height":40},' +
    '"label":"with_mask","probability":0.97,"score":0.5},' +
    '{"box":{"left":1.23,"top":2,"width":30.5,"height":40},' +
    '"label":"without_mask","probability":0.6,"score":0.5}]}\n',
    "a.jpg,with_mask,0.97,1.23,2,30.5,40,0.5,2,\n" +
    "a.jpg,without_mask,0.6,1.23,2,30.5,40,0.5,2,\n",
  ],
];

Deno.test("formatResult() as text, JSON Lines and CSV", () => {
  for (const [result, text, json, csv] of CASES) {
    assertEquals(formatResult(result, "text"), text);
    assertEquals(formatResult(result, "json"), json);
    assertEquals(formatResult(result, "csv"), csv);
  }
});

Deno.test("formatHead() names a column for each field", () => {
  assertEquals([formatHead("text"), formatHead("json")], ["", ""]);
  const columns = formatHead("csv").split(",").length;
  assertEquals(CASES[0]![3].split(",").length, columns);
});

Deno.test("formatResult() lets no name steer a terminal, hide its extension or fake a line", () => {
  const file = "a\nb.jpg: with_mask\x1b[2J\x9b\x7f\u202egpj.\u2066\u2028\r😀é.exe";
  const result = { file, error: "bad\x07" };
  assertEquals(
    formatResult(result, "text"),
    "a\\x0ab.jpg: with_mask\\x1b[2J\\x9b\\x7f\\u202egpj.\\u2066\\u2028\\x0d😀é.exe: bad\\x07\n",
  );
  const json = formatResult(result, "json");
  assertEquals(JSON.parse(json), result);
  assertEquals(/[\p{Cc}\p{Bidi_Control}\u2028]/u.test(json.trimEnd()), false);
});

Deno.test("formatResult() as CSV guards texts that a spreadsheet would run, and no numbers", () => {
  const guarded = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"];
  for (const file of guarded) {
    const row = formatResult({ file, error: file }, "csv");
    const quoted = file === "\rx" ? `"'${file}"` : `'${file}`;
    assertEquals(row, `${quoted},,,,,,,,,${quoted}\n`);
  }
  for (const file of ["a=1.jpg", "./-1.jpg", "é", " =1"]) {
    assertEquals(formatResult({ file, faces: [] }, "csv"), `${file},,,,,,,,0,\n`);
  }
  const outside = { ...face, box: { ...face.box, left: -3.25 } };
  const row = formatResult({ file: "=a,b", faces: [outside] }, "csv");
  assertEquals(row, `"'=a,b",with_mask,0.97,-3.25,2,30.5,40,0.5,1,\n`);
});
