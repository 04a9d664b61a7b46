import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  checkClassMap,
  type ClassMeaning,
  mapClasses,
  readClassName,
} from "../../lib/data/class_names.ts";

/** Names as data sets have them, by what they mean. */
const NAMES: Record<string, string> = {
  with_mask:
    "with_mask, WithMask, with mask, With-Mask, mask, Mask, masked, face_mask, FaceMask, " +
    "facemask, face_with_mask, masked_face, mask_on, wearing_mask, person with mask, correct_mask, " +
    "mask_worn_correctly, with, CMFD, AFDB_masked_face_dataset",
  without_mask:
    "without_mask, WithoutMask, Without_Mask, without mask, no_mask, No Mask, nomask, " +
    "no-mask, non_mask, not_masked, unmasked, maskless, mask off, face_no_mask, not wearing mask, " +
    "with_no_mask, mask_unworn, without, AFDB_face_dataset",
  mask_weared_incorrect:
    "mask_weared_incorrect, incorrect_mask, mask_worn_incorrectly, incorrect, " +
    "Incorrectly Masked, improper_mask, wrong mask, mask_not_worn_properly, IMFD, " +
    "face_with_mask_incorrect, not_correctly_masked",
  face: "face, Faces, FACE",
  unclear: "with_without_mask, mask_no_mask, mask or no mask, incorrect_or_no_mask",
  undefined:
    "hat, no_face, Face Mask Dataset, face_shield, mask_surgical, images, train, person, on, " +
    "correct, 0, -, normal, constructor, __proto__, マスク",
};

/** Each name once, ten times. */
const ten = (...names: string[]) => names.map((name) => ({ name, count: 10 }));
const map = (names: string[], classes?: Record<string, ClassMeaning>) =>
  Object.fromEntries(mapClasses(ten(...names), classes, "photos"));

Deno.test("readClassName() reads what names of classes say", () => {
  for (const [expected, names] of Object.entries(NAMES)) {
    for (const name of names.split(", ")) assertEquals(`${readClassName(name)}`, expected, name);
  }
});

Deno.test("mapClasses() takes a bare face for one without a mask only beside masks", () => {
  assertEquals(map(["face", "face_mask"]), { face: "without_mask", face_mask: "with_mask" });
  assertEquals(map(["face", "IMFD"]), { face: "without_mask", IMFD: "mask_weared_incorrect" });
  for (const names of [["face"], ["face", "mask", "no_mask"], ["face", "without_mask"]]) {
    const { message } = assertThrows(() => map(names), Deno.errors.InvalidData);
    assertStringIncludes(message, 'got "face" (10)');
  }
});

Deno.test("mapClasses() goes by classes before names, whatever their case and separators", () => {
  assertEquals(map(["Hat", "N95 mask", "mask"], { hat: "ignore", n95_mask: "with_mask" }), {
    Hat: "ignore",
    "N95 mask": "with_mask",
    mask: "with_mask",
  });
  assertEquals(map(["mask", "A-b", "ab"], { mask: "ignore", ab: "with_mask", "A-b": "ignore" }), {
    mask: "ignore",
    "A-b": "ignore",
    ab: "with_mask",
  });
  assertEquals(map(["0", "1"], { 0: "with_mask", 1: "without_mask" }), {
    0: "with_mask",
    1: "without_mask",
  });
  const odd = JSON.parse('{ "constructor": "ignore" }');
  assertEquals(mapClasses(ten("constructor", "mask"), odd, "photos").get("constructor"), "ignore");
});

Deno.test("mapClasses() says what it saw and what to write", () => {
  assertEquals(
    assertThrows(() => map(["hat", "cap", "Mask", "no_mask", "without_mask"])).message,
    'classes must say what each class of photos means, got "hat" (10), "cap" (10), beside ' +
      "Mask (= with_mask), no_mask (= without_mask), without_mask; write " +
      '--classes "hat=ignore,cap=ignore" with one of without_mask, with_mask, ' +
      "mask_weared_incorrect, ignore for each",
  );
  const many = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
  const { message } = assertThrows(() => map(many), Deno.errors.InvalidData);
  assertStringIncludes(message, '"class 9" (10) and 990 more; write');
});

Deno.test("checkClassMap() refuses unknown classes", () => {
  checkClassMap();
  checkClassMap({ hat: "ignore", cap: "with_mask" });
  for (const meaning of ["hat", "", "With_Mask", "toString"]) {
    assertThrows(
      () => checkClassMap({ cap: meaning }),
      RangeError,
      `classes must map each name to one of without_mask, with_mask, mask_weared_incorrect, ignore, got ${
        JSON.stringify(meaning)
      } for "cap"`,
    );
  }
});
