import { assertEquals, assertRejects } from "@std/assert";
import {
  correctLabels,
  type LabelCorrection,
  readCorrections,
} from "../../lib/data/corrections.ts";
import type { ImageSet, Sample } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const box = { left: 1, top: 2, width: 3, height: 4 };
const other = { ...box, left: 9 };
const samples: Sample[] = [
  { file: "/a/set/1.jpg", className: "with_mask", box },
  { file: "/a/set/1.jpg", className: "with_mask", box: other },
  { file: "/a/set/2.jpg", className: "with_mask", box },
  { file: "C:\\set\\3.jpg", className: "without_mask" },
];
const images: ImageSet = { size: 1, pixels: new Uint8Array(12), samples, unreadable: [] };
const sides = [1, 2, 3, 4] as const;

for (
  const [criterion, correction, indices, expected] of [
    [
      "relabels the face with this file, box and label",
      { file: "1.jpg", box: sides, was: "with_mask", is: "mask_weared_incorrect" },
      [0, 1, 2],
      { relabelled: 1, leftOut: 0, indices: [0, 1, 2] },
    ],
    [
      "leaves out what cannot be judged",
      { file: "1.jpg", box: sides, was: "with_mask", is: null },
      [0, 1, 2],
      { relabelled: 0, leftOut: 1, indices: [1, 2] },
    ],
    [
      "does not touch samples of another part",
      { file: "1.jpg", box: sides, was: "with_mask", is: null },
      [1, 2],
      { relabelled: 0, leftOut: 0, indices: [1, 2] },
    ],
    [
      "does not touch a label that is not the one it corrects",
      { file: "1.jpg", box: sides, was: "without_mask", is: "with_mask" },
      [0],
      { relabelled: 0, leftOut: 0, indices: [0] },
    ],
    [
      "corrects whole photos too, whatever separates their folders",
      { file: "3.jpg", was: "without_mask", is: "with_mask" },
      [3],
      { relabelled: 1, leftOut: 0, indices: [3] },
    ],
  ] as [string, LabelCorrection, number[], object][]
) {
  Deno.test(`correctLabels() ${criterion}`, () => {
    const before = structuredClone(samples);
    const { images: corrected, ...counts } = correctLabels(images, indices, [correction]);
    assertEquals(counts, expected as typeof counts);
    assertEquals(samples, before, "the set given stays as it is");
    const changed = corrected.samples.filter(({ className }, i) =>
      className !== samples[i]!.className
    );
    assertEquals(changed.length, counts.relabelled);
    for (const { className } of changed) assertEquals(className, correction.is);
  });
}

Deno.test("readCorrections() reads what it documents, and names the entry that is wrong", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/corrections.json`;
    const good = { file: "1.jpg", box: [1, 2, 3, 4], was: "with_mask", is: null };
    const read = async (content: string) => {
      await Deno.writeTextFile(file, content);
      return await readCorrections(file);
    };
    const entries = (...corrections: unknown[]) => JSON.stringify({ corrections });
    assertEquals(await read(entries(good)) as unknown, [good]);
    for (
      const [content, message] of [
        ["{", `${file} is not JSON`],
        ["null", `${file}: corrections must be a list, got undefined`],
        [entries(good, null), "corrections[1].file must be a file name, got undefined"],
        [entries({ ...good, file: 3 }), "corrections[0].file must be a file name, got 3"],
        [entries({ ...good, box: [1] }), "corrections[0].box must be four numbers, got [1]"],
        [entries({ ...good, was: "mask" }), "corrections[0].was must be one of without_mask, "],
        [entries({ ...good, is: undefined }), "corrections[0].is must be null or one of"],
      ]
    ) {
      await assertRejects(() => read(content!), Deno.errors.InvalidData, message);
    }
    await assertRejects(() => readCorrections(`${folder}/none.json`), Deno.errors.NotFound);
  });
});
