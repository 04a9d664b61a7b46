import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { drawMaskOn } from "../../lib/evaluation/drawn_masks.ts";
import { loadImages } from "../../lib/images/load_images.ts";
import { findLandmarksIn, measureTurn, NOSE_TIP } from "../../lib/detection/landmarks.ts";
import { seededRandom } from "../../lib/random.ts";
import { enrichTraining, type RareClassOptions } from "../../lib/training/rare_class.ts";
import type { ClassName, ImageSet, Progress, Sample } from "../../lib/types.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { groupPhoto } from "../fixtures/group_photos.ts";

const SIZE = 128;
const FACE_COUNT = 4;

/** Four bare faces, then two photos called bare that show none, then photos of other classes. */
async function makeSet(): Promise<ImageSet> {
  const box = (left: number, top: number) => ({ left, top, width: 600, height: 600 });
  const faces = Object.entries({
    "sample1.jpg": box(590, 260),
    "sample2.jpg": box(1220, 30),
    "sample3.jpg": box(860, 80),
    "sample6.jpg": box(1280, 130),
  }).map(([name, box]): Sample => ({
    file: groupPhoto(name),
    className: "without_mask",
    box,
  }));
  const { pixels } = await loadImages(faces, { size: SIZE, margin: 0 });
  const others: ClassName[] = [
    "without_mask",
    "without_mask",
    ...new Array<ClassName>(13).fill("with_mask"),
    "mask_weared_incorrect",
  ];
  const samples = [...faces, ...others.map((className, i) => ({ file: `${i}.jpg`, className }))];
  const random = seededRandom(1);
  const all = Uint8Array.from({ length: samples.length * SIZE * SIZE * 3 }, () => 256 * random());
  all.set(pixels);
  return { size: SIZE, pixels: all, samples, unreadable: [] };
}

const images = await makeSet();
const EVERY = [...images.samples.keys()];
const photo = ({ pixels }: ImageSet, place: number) =>
  pixels.subarray(place * SIZE * SIZE * 3, (place + 1) * SIZE * SIZE * 3);

Deno.test("enrichTraining() adds bare faces of the training part, drawn on, each once", async () => {
  const before = images.pixels.slice();
  const progress: Progress[] = [];
  const drawn = { mask_weared_incorrect: 2, with_mask: 1, without_mask: 1 };
  const enriched = await enrichTraining(images, EVERY, {
    drawn,
    borrowed: {},
    onProgress: (it) => progress.push(it),
  });
  const { samples, pixels } = enriched.images;
  assertEquals(samples.slice(0, EVERY.length), images.samples);
  assertEquals(pixels.subarray(0, before.length), before);
  assertEquals(images.pixels, before);
  assertEquals(pixels.length, samples.length * SIZE * SIZE * 3);

  const added = samples.slice(EVERY.length);
  assertEquals(
    added.map(({ className }) => className).sort(),
    ["mask_weared_incorrect", "mask_weared_incorrect", "with_mask", "without_mask"],
  );
  assertEquals(new Set(added.map(({ file }) => file)).size, 4);
  for (const [i, { file, box }] of added.entries()) {
    const from = images.samples.findIndex((sample) => sample.file === file);
    assert(from < FACE_COUNT, `${file} shows no face`);
    assertEquals(box, images.samples[from]!.box);
    const [bare, masked] = [photo(images, from), photo(enriched.images, EVERY.length + i)];
    const changed = bare.reduce((sum, level, at) => sum + Number(level !== masked[at]), 0);
    assert(changed > 300 && changed < bare.length / 2, `${changed} bytes of ${file}`);
  }
  const stages = Map.groupBy(progress, ({ stage }) => stage);
  const last = (stage: string) => stages.get(stage)!.at(-1);
  assertEquals([...stages.keys()], ["finding bare faces", "drawing on bare faces"]);
  for (const stage of stages.keys()) assertEquals(last(stage), { stage, done: 4, total: 4 });
  assertEquals(enriched.train.slice(-4), [0, 1, 2, 3].map((i) => EVERY.length + i));
});

Deno.test("enrichTraining() covers the nose with masks, and rarely with what is none", async () => {
  const covered = async (className: ClassName) => {
    let count = 0;
    for (const seed of [1, 2, 3]) {
      const drawn = { [className]: FACE_COUNT };
      const enriched = await enrichTraining(images, EVERY, { drawn, borrowed: {}, seed });
      for (const [i, { file }] of enriched.images.samples.slice(EVERY.length).entries()) {
        const from = images.samples.findIndex((sample) => sample.file === file);
        const [x, y] = (await findLandmarksIn(images, from))![NOSE_TIP]!.map(Math.floor);
        const start = 3 * (y! * SIZE + x!);
        const [bare, after] = [photo(images, from), photo(enriched.images, EVERY.length + i)];
        const change = [0, 1, 2].reduce(
          (sum, i) => sum + Math.abs(bare[start + i]! - after[start + i]!),
          0,
        );
        count += Number(change > 20);
      }
    }
    return count;
  };
  const [masked, confused] = [await covered("with_mask"), await covered("without_mask")];
  assert(masked >= 11, `${masked} of 12 noses under masks`);
  assert(confused <= 7, `${confused} of 12 noses under hands, things, beards`);
});

Deno.test("enrichTraining() draws on the training part alone, and shares what faces there are", async () => {
  const train = EVERY.filter((place) => place !== 1);
  const drawn = { mask_weared_incorrect: 50, with_mask: 50 };
  const counts = new Set<number>();
  for (const seed of [1, 2, 3]) {
    const { images: { samples } } = await enrichTraining(images, train, {
      drawn,
      borrowed: {},
      seed,
    });
    const added = samples.slice(EVERY.length);
    assertEquals(added.length, FACE_COUNT - 1);
    assert(added.every(({ file }) => file !== images.samples[1]!.file));
    counts.add(added.filter(({ className }) => className === "with_mask").length);
  }
  assert(counts.size > 1 || !counts.has(0), "one class took all faces");
});

Deno.test("enrichTraining() shows rare classes more often, and drawn ones once", async () => {
  const none = { drawn: {}, borrowed: {} };
  const times = async (options: RareClassOptions) => {
    const { train } = await enrichTraining(images, EVERY, { ...none, ...options });
    assertEquals(new Set(train), new Set(EVERY));
    return EVERY.map((place) => train.filter((it) => it === place).length);
  };
  // Of 20: 6 bare, 13 masked, 1 masked incorrectly.
  for (
    const [share, repeats, expected] of [
      [0.05, 6, [1, 1, 1]],
      [0.1, 6, [1, 1, 2]],
      [0.5, 20, [2, 1, 10]],
      [0.5, 6, [2, 1, 6]],
      [1, 1, [1, 1, 1]],
      [0, 6, [1, 1, 1]],
    ] as const
  ) {
    const counts = await times({ share, repeats });
    const [bare, masked, incorrect] = expected;
    assertEquals(counts, [
      ...new Array(6).fill(bare),
      ...new Array(13).fill(masked),
      incorrect,
    ]);
  }
});

const lent = await (async () => {
  // The faces once more, a mask drawn on each: the pixels of its first `with_mask`.
  const { pixels, samples } = structuredClone(images);
  const first = samples.findIndex(({ className }) => className === "with_mask");
  for (let face = 0; face < FACE_COUNT; face++) {
    const landmarks = (await findLandmarksIn(images, face))!;
    const random = seededRandom(face);
    const masked = await drawMaskOn(photo(images, face), SIZE, landmarks, "with_mask", random);
    pixels.set(masked, (first + face) * SIZE * SIZE * 3);
    samples[first + face] = { ...samples[face]!, file: `lent${face}`, className: "with_mask" };
  }
  return { set: { ...images, pixels, samples }, first };
})();
const BORROWED = { mask_weared_incorrect: 6, with_mask: 3 };
const borrow = async (set: ImageSet, train = EVERY) => {
  const options = { drawn: {}, borrowed: BORROWED };
  const enriched = await enrichTraining(set, train, options);
  assertEquals(enriched.train.length, train.length + enriched.images.samples.length - EVERY.length);
  return { ...enriched, added: enriched.images.samples.slice(EVERY.length) };
};

Deno.test("enrichTraining() borrows masks of the training part for its bare faces, in turn", async () => {
  const { set, first } = lent;
  const { images: enriched, added } = await borrow(set);
  const worn = Map.groupBy(added, ({ className }) => className);
  assertEquals(worn.get("mask_weared_incorrect")!.length, BORROWED.mask_weared_incorrect);
  assertEquals(worn.get("with_mask")!.length, BORROWED.with_mask);
  const hosts = Map.groupBy(added, ({ file }) => file);
  assertEquals(hosts.size, FACE_COUNT, "each of the faces");
  for (const [i, { file }] of added.entries()) {
    const from = set.samples.findIndex((sample) => sample.file === file);
    assert(from < FACE_COUNT, `${file} shows no face`);
    const [bare, masked] = [photo(set, from), photo(enriched, EVERY.length + i)];
    const changed = bare.filter((level, at) => Math.abs(level - masked[at]!) > 8).length;
    assert(changed > 300 && changed < bare.length / 2, `${changed} bytes of ${file}`);
  }
  const lenders = [0, 1, 2, 3].map((i) => first + i);
  const without = EVERY.filter((place) => !lenders.includes(place));
  assertEquals((await borrow(set, without)).added, []);
});

Deno.test("enrichTraining() borrows from faces that look the same way and have the detail", async () => {
  const { set } = lent;
  let lender = lent.first;
  while (!await findLandmarksIn(set, lender)) lender++; // not every drawn mask leaves enough to see
  const face = lender - lent.first, two = [face, lender];
  const [turn, lenderTurn] = await Promise.all(
    two.map(async (place) => measureTurn((await findLandmarksIn(set, place))!)),
  );
  assert(Math.abs(turn! - lenderTurn!) < 0.12, `one face: ${turn} and ${lenderTurn}`);
  assert((await borrow(set, two)).added.length > 0);

  const withBox = (place: number, side: number): ImageSet => ({
    ...set,
    samples: set.samples.map((sample, i) =>
      i === place ? { ...sample, box: { left: 0, top: 0, width: side, height: side } } : sample
    ),
  });
  for (
    const [place, side, works] of [
      [lender, 15, false], // too small for a mask to lend
      [lender, 50, false], // less detail than the other has
      [lender, 52, true],
      [face, 15, false], // too small to wear one
      [face, 16, true],
    ] as const
  ) {
    const { added } = await borrow(withBox(place, side), two);
    assertEquals(added.length > 0, works, `${place === face ? "bare" : "masked"}, ${side} pixels`);
  }

  const mirrored = { ...set, pixels: set.pixels.slice() };
  const row = 3 * SIZE;
  for (let start = lender * SIZE * row; start < (lender + 1) * SIZE * row; start += row) {
    for (let i = 0; i < row; i++) {
      mirrored.pixels[start + i] = set.pixels[start + row - 3 - i + 2 * (i % 3)]!;
    }
  }
  const otherTurn = measureTurn((await findLandmarksIn(mirrored, lender))!);
  assert(Math.abs(turn! - otherTurn) > 0.12, `too straight a face for this: ${turn}, ${otherTurn}`);
  assertEquals((await borrow(mirrored, two)).added, []);
});

Deno.test("enrichTraining() repeats itself for a seed, and leaves no tensor", async () => {
  const enrich = (seed: number) =>
    enrichTraining(lent.set, EVERY, {
      seed,
      drawn: { with_mask: 2 },
      borrowed: { with_mask: 2 },
    });
  const first = await enrich(7);
  await assertNoLeak(async () => assertEquals(await enrich(7), first));
  assertNotEquals((await enrich(8)).images.pixels, first.images.pixels);
});

Deno.test("enrichTraining() refuses options out of their range", async () => {
  for (
    const [options, message] of [
      [{ share: -0.1 }, "share must be in 0..1, got -0.1"],
      [{ share: NaN }, "got NaN"],
      [{ repeats: 0 }, "repeats must be a positive integer, got 0"],
      [{ repeats: 1.5 }, "got 1.5"],
      [{ drawn: { with_mask: -1 } }, "drawn.with_mask must be a whole number, got -1"],
      [{ drawn: { mask_weared_incorrect: 0.5 } }, "drawn.mask_weared_incorrect"],
      [{ borrowed: { with_mask: 1.5 } }, "borrowed.with_mask must be a whole number, got 1.5"],
    ] as [RareClassOptions, string][]
  ) await assertRejects(() => enrichTraining(images, EVERY, options), RangeError, message);
});
