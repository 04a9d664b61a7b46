import { assertEquals } from "@std/assert";
import { warnAboutPart } from "../../lib/evaluation/part_warnings.ts";
import { CLASSES, type Sample } from "../../lib/types.ts";

const box = { left: 0, top: 0, width: 9, height: 9 };
const make = (count: number, masked: number, more: Partial<Sample> = {}) =>
  Array.from({ length: count }, (_, i) => ({
    className: CLASSES.binary[Number(i < masked)]!,
    ...more,
  }));
const few = (things: string) =>
  `the part has ${things}: with fewer than 50, results vary much by chance`;
const scenes = (things: string) =>
  `the part has ${things} (near-duplicates count as one): results may differ on other scenes`;

Deno.test("warnAboutPart() names too few samples, too few scenes, and classes that are not there", () => {
  const cases: [ReturnType<typeof make>, number[] | undefined, string[]][] = [
    [make(50, 25), undefined, []],
    [make(49, 25), undefined, [few("49 photos")]],
    [make(1, 1, { box }), undefined, [few("1 face"), "the part has no face of without_mask"]],
    [make(60, 60), undefined, ["the part has no photo of without_mask"]],
    [make(0, 0), undefined, [few("0 photos")]],
    // Scenes: one number per sample.
    [make(300, 150), Array(300).fill(7), [scenes("300 photos of 1 scene")]],
    [make(300, 150), [...Array(300).keys()].map((i) => i % 49), [
      scenes("300 photos of 49 scenes"),
    ]],
    [make(300, 150), [...Array(300).keys()].map((i) => i % 50), []],
    [make(60, 30), [...Array(60).keys()].map((i) => Math.min(i, 48)), []],
  ];
  for (const [samples, groups, warnings] of cases) {
    assertEquals(warnAboutPart("the part", samples, CLASSES.binary, groups), warnings);
  }
});
