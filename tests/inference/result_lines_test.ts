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
    'say "a, b".jpg: not a\nphoto\n',
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
