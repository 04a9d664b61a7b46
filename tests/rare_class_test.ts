import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { loadImages } from "../lib/image.ts";
import { findLandmarksIn, NOSE_TIP } from "../lib/landmarks.ts";
import { seededRandom } from "../lib/random.ts";
import { enrichTraining, type RareClassOptions } from "../lib/rare_class.ts";
import type { ClassName, ImageSet, Progress, Sample } from "../lib/types.ts";
import { assertNoLeak } from "./fixtures.ts";
import { groupPhoto } from "./group_photos.ts";

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
  assertEquals(progress.map(({ done, total }) => [done, total]), [[1, 4], [2, 4], [3, 4], [4, 4]]);
  assertEquals(enriched.train.slice(-4), [0, 1, 2, 3].map((i) => EVERY.length + i));
});

Deno.test("enrichTraining() covers the nose with masks, and rarely with what is none", async () => {
  const covered = async (className: ClassName) => {
    let count = 0;
    for (const seed of [1, 2, 3]) {
      const drawn = { [className]: FACE_COUNT };
      const enriched = await enrichTraining(images, EVERY, { drawn, seed });
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
    const { images: { samples } } = await enrichTraining(images, train, { drawn, seed });
    const added = samples.slice(EVERY.length);
    assertEquals(added.length, FACE_COUNT - 1);
    assert(added.every(({ file }) => file !== images.samples[1]!.file));
    counts.add(added.filter(({ className }) => className === "with_mask").length);
  }
  assert(counts.size > 1 || !counts.has(0), "one class took all faces");
});

Deno.test("enrichTraining() shows rare classes more often, and drawn ones once", async () => {
  const drawn = {};
  const times = async (options: RareClassOptions) => {
    const { train } = await enrichTraining(images, EVERY, { drawn, ...options });
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

Deno.test("enrichTraining() repeats itself for a seed, and leaves no tensor", async () => {
  const enrich = (seed: number) => enrichTraining(images, EVERY, { seed, drawn: { with_mask: 2 } });
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
    ] as [RareClassOptions, string][]
  ) await assertRejects(() => enrichTraining(images, EVERY, options), RangeError, message);
});
