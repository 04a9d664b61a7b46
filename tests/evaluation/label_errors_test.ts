import { assert, assertEquals, assertRejects } from "@std/assert";
import { findLabelErrors } from "../../lib/evaluation/label_errors.ts";
import { seededRandom } from "../../lib/random.ts";
import { CLASSES, type ImageSet } from "../../lib/types.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

const SIZE = 32;
const ALL = [...Array(60).keys()];

/** Grey photos, dark for label 0 and bright for label 1; the labels at `wrong` are swapped. */
function makeSet(n: number, wrong: number[]): ImageSet {
  const random = seededRandom(3);
  const pixels = new Uint8Array(n * SIZE * SIZE * 3);
  const samples = Array.from({ length: n }, (_, i) => {
    const bright = i % 2;
    const length = SIZE * SIZE * 3;
    pixels.fill((bright ? 160 : 40) + 40 * random(), i * length, (i + 1) * length);
    const label = wrong.includes(i) ? 1 - bright : bright;
    return { file: `${i}.jpg`, className: CLASSES.binary[label]! };
  });
  return { size: SIZE, pixels, samples, unreadable: [] };
}

Deno.test("findLabelErrors() is surest of the labels that were swapped", async () => {
  await assertNoLeak(async () => {
    const images = makeSet(60, [4, 11]);
    const reports: number[] = [];
    const groups = images.samples.map((_, i) => i);
    const found = await findLabelErrors(images, ALL, groups, CLASSES.binary, {
      folds: 3,
      onProgress: ({ done }) => reports.push(done),
    });
    assertEquals(found.slice(0, 2).map(({ index }) => index).sort((a, b) => a - b), [4, 11]);
    assert(found.length < 6, `${found.length} of 60 in doubt`);
    for (const { label, predicted, probability } of found) {
      assertEquals(label, 1 - predicted);
      assert(probability >= 0.9 && probability <= 1);
    }
    assert(reports.length > 0);
  });
});

Deno.test("findLabelErrors() judges near-duplicates by models that saw none of them", async () => {
  // All bright photos of label 0 are one group: no other photo of that look has the label.
  const wrong = [1, 3, 5, 7, 9];
  const images = makeSet(60, wrong);
  const groups = images.samples.map((_, i) => wrong.includes(i) ? 0 : i + 1);
  const found = await findLabelErrors(images, ALL, groups, CLASSES.binary, { folds: 3 });
  const doubted = new Set(found.map(({ index }) => index));
  assertEquals(wrong.filter((index) => !doubted.has(index)), []);
});

Deno.test("findLabelErrors() refuses folds that cannot be", async () => {
  const images = makeSet(4, []);
  for (const folds of [1, 2.5, 5]) {
    await assertRejects(
      () => findLabelErrors(images, [0, 1, 2, 3], [0, 1, 2, 3], CLASSES.binary, { folds }),
      RangeError,
      "folds must be an integer in 2..4 groups",
    );
  }
});

Deno.test("findLabelErrors() judges the photos at the indices alone, whatever the others are", async () => {
  const images = makeSet(60, [4, 11]);
  images.samples[20] = { file: "20.jpg", className: "mask_weared_incorrect" };
  const groups = images.samples.map((_, i) => i);
  const indices = ALL.filter((index) => index !== 11 && index !== 20);
  const found = await findLabelErrors(images, indices, groups, CLASSES.binary, { folds: 3 });
  assertEquals(found[0]!.index, 4);
  assertEquals(found.filter(({ index }) => !indices.includes(index)), []);
});
