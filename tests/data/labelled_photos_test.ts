import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { basename, join } from "node:path";
import sharp from "sharp";
import type { DataSource } from "../../lib/data/get_data.ts";
import {
  type LabelledPhotos,
  type LabelledPhotosOptions,
  loadLabelledPhotos,
} from "../../lib/data/labelled_photos.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Split } from "../../lib/data/split.ts";
import { SPLIT_SEED } from "../../lib/data/split_photos.ts";
import { CLASSES, type ClassName, type ImageSet, type Sample } from "../../lib/types.ts";

const SIDE = 32;
const PARTS = ["train", "validation", "test"] as const;

/** A picture of its own for each number. */
const makePicture = (number: number) => {
  const random = seededRandom(number);
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, () => 256 * random());
};

async function writePng(file: string, pixels: Uint8Array, width = SIDE): Promise<void> {
  await sharp(pixels, { raw: { width, height: SIDE, channels: 3 } }).png().toFile(file);
}

/** Class folders with as many photos of each of both classes: the pictures from `first` on. */
async function writeFolders(folder: string, count: number, first = 0): Promise<void> {
  for (const [place, className] of CLASSES.binary.entries()) {
    await Deno.mkdir(join(folder, className), { recursive: true });
    for (let i = 0; i < count; i++) {
      await writePng(join(folder, className, `${i}.png`), makePicture(first + 2 * i + place));
    }
  }
}

/** Photos with two faces each, side by side; the second one has 32 pixels or a box of 16. */
async function writeVoc(folder: string, photos: (readonly [number, number])[]): Promise<void> {
  for (const name of ["images", "annotations"]) {
    await Deno.mkdir(join(folder, name), { recursive: true });
  }
  for (const [i, numbers] of photos.entries()) {
    const [left, right] = numbers.map(makePicture) as [Uint8Array, Uint8Array];
    const both = new Uint8Array(2 * left.length), row = SIDE * 3;
    for (let y = 0; y < SIDE; y++) {
      both.set(left.subarray(y * row, (y + 1) * row), 2 * y * row);
      both.set(right.subarray(y * row, (y + 1) * row), (2 * y + 1) * row);
    }
    await writePng(join(folder, "images", `${i}.png`), both, 2 * SIDE);
    const classes: ClassName[] = ["with_mask", CLASSES["three-class"][i % 3]!];
    const faces = classes.map((name, place) => {
      const start = place * SIDE + 1, side = place === 1 && i % 5 === 4 ? 16 : SIDE;
      return `<object><name>${name}</name><bndbox><xmin>${start}</xmin><ymin>1</ymin>` +
        `<xmax>${start + side - 1}</xmax><ymax>${side}</ymax></bndbox></object>`;
    });
    await Deno.writeTextFile(
      join(folder, "annotations", `${i}.xml`),
      `<annotation><filename>${i}.png</filename><size><width>${2 * SIDE}</width>` +
        `<height>${SIDE}</height></size>${faces.join("")}</annotation>`,
    );
  }
}

/** Pictures of the first source that are the two faces of a photo of the second. */
const COPIED = Array.from({ length: 6 }, (_, i) => [3 * i, 3 * i + 20] as const);
const OTHERS = Array.from({ length: 12 }, (_, i) => [1000 + i, 2000 + i] as const);

const folder = await Deno.makeTempDir({ prefix: "face-mask-test-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const [first, second] = ["folders", "voc"].map((name) => ({
  folder: join(folder, name),
  name,
  cache: join(folder, "cache"),
})) as [DataSource, DataSource];
await writeFolders(first.folder, 20);
await writeVoc(second.folder, [...COPIED, ...OTHERS]);

const load = (sources: DataSource[], options: LabelledPhotosOptions = {}) =>
  loadLabelledPhotos(sources, {
    size: SIDE,
    margin: 0,
    cache: false,
    task: "three-class",
    ...options,
  });

const pixelsOf = ({ pixels }: ImageSet, at: number) =>
  pixels.slice(at * SIDE * SIDE * 3, (at + 1) * SIDE * SIDE * 3);
const nameOf = ({ file, box }: Sample) => `${file} ${box?.left ?? ""}`;
/** The names of each part's photos. */
const listParts = ({ images }: LabelledPhotos, split: Split) => {
  return Object.fromEntries(
    PARTS.map((part) => [part, split[part].map((at) => nameOf(images.samples[at]!))]),
  ) as Record<typeof PARTS[number], string[]>;
};

const joined = await load([first, second]);
const split = joined.split();
const parts = listParts(joined, split);

Deno.test("loadLabelledPhotos() reads all sources into one set", async () => {
  const broken = join(first.folder, "with_mask/broken.png");
  await Deno.writeTextFile(broken, "no photo");
  const bare = join(second.folder, "images/bare.png");
  await writePng(bare, makePicture(0));
  const { images, unreadable, indices, ...rest } = await load([first, second]);
  await Deno.remove(broken);
  await Deno.remove(bare);
  assertEquals(rest.notes, [{ file: bare, reason: "no annotation: not used" }]);
  assertEquals(rest.classes, CLASSES["three-class"]);
  assertEquals([rest.data, rest.hasBoxes, rest.leftOut], ["folders and voc", true, []]);
  assertEquals(unreadable.map(({ file }) => file), [broken]);
  assertEquals([images.samples.length, indices], [76, [...Array(76).keys()]]);
  // Picture 0 is in both sources.
  const place = images.samples.findIndex(({ file }) => file.startsWith(second.folder));
  assertEquals([place, pixelsOf(images, 0)], [40, makePicture(0)]);
  assertEquals(pixelsOf(images, place), makePicture(0));
});

Deno.test("loadLabelledPhotos() needs each class in one of its sources", async () => {
  const message =
    'no usable sample of mask_weared_incorrect in folders: without them the task must be "binary"';
  await assertRejects(() => load([first]), Deno.errors.InvalidData, message);
  assertEquals((await load([first], { eachClass: false })).indices.length, 40);
  assertEquals((await load([first], { task: "binary" })).hasBoxes, false);
});

Deno.test("loadLabelledPhotos() ends with the first reasons where no photo of a class can be read", async () => {
  const set = { folder: join(folder, "heic"), name: "heic", cache: folder };
  await writeFolders(set.folder, 5);
  const photos = [...Deno.readDirSync(join(set.folder, "with_mask"))].map(({ name }) => name)
    .sort();
  for (const name of photos) {
    await Deno.writeTextFile(join(set.folder, "with_mask", name), "\0\0\0\x18ftypheic");
  }
  for (const eachClass of [true, false]) {
    const { message } = await assertRejects(
      () => load([set], { task: "binary", eachClass }),
      Deno.errors.InvalidData,
    );
    const reason = (name: string) =>
      `  ${join(set.folder, "with_mask", name)}: HEIC cannot be read: save it as JPEG`;
    assertEquals(message.split("\n"), [
      "no usable sample of with_mask in heic",
      "  without_mask: 5",
      ...photos.slice(0, 3).map(reason),
      "  and 2 more",
    ]);
  }
});

Deno.test("loadLabelledPhotos() keeps decoded photos only where it may", async () => {
  const isKept = () => Deno.stat(first.cache).then(() => true, () => false);
  assertEquals(await isKept(), false);
  assertEquals((await load([first, second], { cache: true })).images, joined.images);
  assertEquals(await isKept(), true);
});

Deno.test("split() deals each source for itself: the same test part alone and joined", async () => {
  const alone: string[] = [];
  for (const photos of [await load([first], { task: "binary" }), await load([second])]) {
    alone.push(...listParts(photos, photos.split()).test);
  }
  alone.sort();
  assertEquals(parts.test.toSorted(), alone);
  const other = await load([second, first]);
  assertEquals(listParts(other, other.split()).test.toSorted(), alone);
});

Deno.test("split() leaves near-duplicates of another source's test part out of training", () => {
  const { images, indices } = joined;
  const [train, validation, test] = PARTS.map((part) =>
    new Set(split[part].map((at) => pixelsOf(images, at).join()))
  );
  assert(train!.isDisjointFrom(test!), "a copy in training and test");
  assert(train!.isDisjointFrom(validation!), "a copy in training and validation");
  assert(validation!.isDisjointFrom(test!), "a copy in validation and test");
  // Both faces of a photo are in one part.
  const partOf = new Map<string, string>();
  for (const part of PARTS) {
    for (const at of split[part]) {
      const { file } = images.samples[at]!;
      assertEquals(partOf.get(file) ?? part, part, file);
      partOf.set(file, part);
    }
  }
  // Some are left out, and none that has nothing to do with a copy.
  const dealt = new Set(PARTS.flatMap((part) => split[part]));
  const left = indices.filter((at) => !dealt.has(at));
  assert(left.length > 0, "no photo is left out");
  const copies = new Set(COPIED.flat().map((number) => makePicture(number).join()));
  for (const at of left) {
    const { file } = images.samples[at]!;
    const isCopy = file.startsWith(second.folder)
      ? parseInt(basename(file)) < COPIED.length
      : copies.has(pixelsOf(images, at).join());
    assert(isCopy, file);
  }
});

Deno.test("split() is the same whatever task, minFace and incorrect", async () => {
  for (
    const [options, count, leftOut] of [
      [{ task: "binary" }, 70, { mask_weared_incorrect: 6 }],
      [{ task: "binary", incorrect: "with_mask" }, 76, {}],
      [{ task: "binary", incorrect: "without_mask", minFace: 20 }, 73, {
        "face under 20 pixels": 3,
      }],
    ] as [LabelledPhotosOptions, number, Record<string, number>][]
  ) {
    const photos = await load([first, second], options);
    assertEquals(photos.indices.length, count);
    assertEquals(
      Object.fromEntries(photos.leftOut.map(({ reason, count }) => [reason, count])),
      leftOut,
    );
    const samples = photos.indices.map((at) => photos.images.samples[at]!);
    const { task = "three-class" } = options;
    assertEquals(new Set(samples.map((it) => it.className)), new Set(CLASSES[task]));
    const used = new Set(samples.map(nameOf));
    const expected = Object.fromEntries(
      PARTS.map((part) => [part, parts[part].filter((name) => used.has(name))]),
    );
    assertEquals(listParts(photos, photos.split()), expected, JSON.stringify(options));
  }
});

Deno.test("split() gives notebook, train and evaluate one test part, where faces are small too", async () => {
  const task = "three-class";
  const ways: Record<string, LabelledPhotosOptions> = {
    notebook: { task, minFace: 20 },
    train: { task, incorrect: "leave-out", minFace: 20, margin: 0 },
    evaluate: { task, incorrect: "leave-out", minFace: 20, size: SIDE, eachClass: false },
  };
  const tests = await Promise.all(
    Object.values(ways).map(async (options) => {
      const photos = await load([second], options);
      assertEquals(photos.leftOut, [{ reason: "face under 20 pixels", count: 3 }]);
      return listParts(photos, photos.split());
    }),
  );
  assertEquals(tests[1], tests[0]);
  assertEquals(tests[2], tests[0]);
  // It is the test part of all faces without the small ones.
  const all = await load([second]);
  assertEquals(
    listParts(all, all.split()).test.filter((name) => tests[0]!.test.includes(name)),
    tests[0]!.test,
  );
});

Deno.test("split() can split by photo: no near-duplicate stays together, all faces of a photo do", async () => {
  const photos = await load([first, second]);
  const byPhoto = photos.split({ by: "photo" });
  const dealt = PARTS.flatMap((part) => byPhoto[part]).sort((a, b) => a - b);
  assertEquals(dealt, photos.indices);
  const partOf = new Map<string, string>();
  for (const part of PARTS) {
    for (const index of byPhoto[part]) {
      const { file } = photos.images.samples[index]!;
      assertEquals(partOf.get(file) ?? part, part, file);
      partOf.set(file, part);
    }
  }
  assertEquals(byPhoto.groups, split.groups);
  const trained = new Set(byPhoto.train.map((index) => byPhoto.groups[index]));
  assert(byPhoto.test.some((index) => trained.has(byPhoto.groups[index])), "no leak to be seen");
  const wrong = { by: "face" } as unknown as { by: "photo" };
  assertThrows(() => photos.split(wrong), RangeError, 'by must be "scene" or "photo", got "face"');
});

Deno.test("split() says how many scenes too few photos show, and what to do", async () => {
  const folder = await Deno.makeTempDir({ prefix: "face-mask-test-" });
  for (const [label, className] of CLASSES.binary.entries()) {
    await Deno.mkdir(join(folder, className));
    for (let i = 0; i < 8; i++) {
      await writePng(join(folder, className, `${i}.png`), makePicture(500 + label));
    }
  }
  const frames = { folder, name: "frames", cache: folder };
  const photos = await load([frames], { task: "binary" });
  const message = "16 photos of 2 scenes cannot be split: near-duplicates must stay in one part. " +
    "Add photos of other scenes";
  assertThrows(() => photos.split(), RangeError, message);
  assertEquals(photos.split({ by: "photo" }).test.length > 0, true);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("split() is as random as its seed, and refuses too few photos", async () => {
  assertEquals(joined.split({ seed: SPLIT_SEED }), split);
  assertNotEquals(joined.split({ seed: 1 }).test, joined.split({ seed: 2 }).test);
  const small = { folder: join(folder, "small"), name: "small", cache: folder };
  await writeFolders(small.folder, 1);
  const photos = await load([first, small], { task: "binary" });
  assertThrows(() => photos.split(), RangeError, "2 leave test empty");
});

Deno.test("loadLabelledPhotos() refuses bad options before it looks", async () => {
  const gone = { folder: "gone", name: "gone", cache: "gone" };
  for (
    const [sources, options, message] of [
      [[], {}, "loadLabelledPhotos() needs a source, got none"],
      [[gone], { task: "four-class" }, "task must be one of"],
      [[gone], { incorrect: "drop" }, "incorrect must be one of"],
      [[gone], { minFace: -1 }, "minFace must be 0 pixels or more"],
    ] as [DataSource[], LabelledPhotosOptions, string][]
  ) await assertRejects(() => load(sources, options), RangeError, message);
  await assertRejects(() => loadLabelledPhotos([]), RangeError, "needs a source");
  await assertRejects(() => load([gone]), Deno.errors.NotFound, "gone");
});

Deno.test("split() keeps the split that a source comes with, also beside another source", async () => {
  const given = { folder: join(folder, "given"), name: "given", cache: folder };
  for (const [place, part] of ["Train", "Validation", "Test"].entries()) {
    await writeFolders(join(given.folder, part), 4, 500 + 100 * place);
  }
  // A photo of training in the test part as well, and one of the other source's.
  const copy = (from: string, to: string) =>
    Deno.copyFile(join(folder, from), join(given.folder, to));
  await copy("given/Train/with_mask/0.png", "Test/with_mask/copy.png");
  const photos = await load([given], { task: "binary" });
  const { notes, ...own } = photos.split();
  assertEquals(PARTS.map((part) => own[part].length), [8, 8, 9]);
  for (const part of PARTS) {
    for (const at of own[part]) assertEquals(photos.images.samples[at]!.part, part);
  }
  assertEquals(notes, [
    "the split that the set comes with is kept: 8 photos for training, 8 photos for validation, 9 photos for test",
    "its test part of 9 photos shares 1 near-duplicate with its training part: results on it are too optimistic",
  ]);
  const tested = joined.images.samples[split.test.find((at) => at < 40)!]!.file;
  await Deno.copyFile(tested, join(given.folder, "Train/without_mask/other.png"));
  const both = await load([first, given], { task: "binary" });
  const parts = listParts(both, both.split());
  const own2 = (name: string) => parts[name as "train"].filter((it) => it.startsWith(given.folder));
  assertEquals(PARTS.map((part) => own2(part).length), [8, 8, 9]);
});
