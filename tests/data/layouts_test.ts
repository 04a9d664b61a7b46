import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { relative } from "node:path";
import type { Dataset, ScanOptions } from "../../lib/data/dataset.ts";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { greyPhoto, touch, withFiles } from "../fixtures/folders.ts";

type Files = Parameters<typeof withFiles>[0];

/** An annotation of a photo of 100 x 80 with a face of each class, given by name, in its upper left. */
const annotate = (names: string[], { size = [100, 80], more = "" } = {}) =>
  `<annotation><size><width>${size[0]}</width><height>${size[1]}</height></size>` +
  names.map((name) =>
    `<object><name>${name}</name>${more}<bndbox><xmin>11</xmin><ymin>11</ymin>` +
    "<xmax>30</xmax><ymax>50</ymax></bndbox></object>"
  ).join("") + "</annotation>";

/** `part class file left,top,width,height` of each sample, its path from the folder. */
const describe = ({ samples }: Dataset, folder: string) =>
  samples.map(({ className, file, box, part }) =>
    [
      ...part ? [part] : [],
      className,
      relative(folder, file),
      ...box ? [Object.values(box).join()] : [],
    ].join(" ")
  );
/** `file: reason` of each, its path from the folder. */
const list = (entries: Dataset["notes"], folder: string) =>
  entries.map(({ file, reason }) => `${relative(folder, file)}: ${reason.replaceAll(folder, "*")}`);

/** Scans a folder of such files, and gives its samples and notes. */
async function scan(files: Files, options: ScanOptions = {}) {
  const seen: { layout: string; samples: string[]; notes: string[]; unreadable: string[] }[] = [];
  await withFiles(files, async (folder) => {
    const dataset = await scanDataset(folder, { eachClass: false, ...options });
    seen.push({
      layout: dataset.layout,
      samples: describe(dataset, folder),
      notes: list(dataset.notes, folder),
      unreadable: list(dataset.unreadable, folder),
    });
  });
  return seen[0]!;
}

/** The message with which such files are refused. */
async function refuse(files: Files, error: new () => Error, options: ScanOptions = {}) {
  let message = "";
  await withFiles(files, async (folder) => {
    ({ message } = await assertRejects(() => scanDataset(folder, options), error));
    message = message.replaceAll(folder, "*");
  });
  return message;
}

const { InvalidData, NotFound } = Deno.errors;

Deno.test("scanDataset() reads class folders of other names, and says how", async () => {
  const { samples, notes } = await scan(
    touch("Mask/1.jpg", "masked/2.jpg", "No Mask/3.jpg", "incorrect_mask/4.jpg"),
    { task: "three-class" },
  );
  assertEquals(samples, [
    "without_mask No Mask/3.jpg",
    "with_mask Mask/1.jpg",
    "with_mask masked/2.jpg",
    "mask_weared_incorrect incorrect_mask/4.jpg",
  ]);
  assertEquals(notes, [
    ": classes are read so: Mask and masked as with_mask, No Mask as without_mask, " +
    "incorrect_mask as mask_weared_incorrect",
  ]);
  assertEquals((await scan(touch("with_mask/1.jpg", "without_mask/2.jpg"))).notes, []);
});

Deno.test("scanDataset() keeps the parts that a set comes in", async () => {
  const kaggle = ["Train", "Validation", "Test"].flatMap((part) =>
    ["WithMask", "WithoutMask"].map((name) => `Face Mask Dataset/${part}/${name}/${part}.png`)
  );
  const home = "Face Mask Dataset";
  assertEquals((await scan(touch(...kaggle))).samples, [
    `test without_mask ${home}/Test/WithoutMask/Test.png`,
    `train without_mask ${home}/Train/WithoutMask/Train.png`,
    `validation without_mask ${home}/Validation/WithoutMask/Validation.png`,
    `test with_mask ${home}/Test/WithMask/Test.png`,
    `train with_mask ${home}/Train/WithMask/Train.png`,
    `validation with_mask ${home}/Validation/WithMask/Validation.png`,
  ]);
  const cases: [string, Files, string[]][] = [
    ["other names, one of them unlabelled", {
      ...touch("TRAIN/mask/1.jpg", "valid/mask/2.jpg", "test set/3.jpg", "readme.txt"),
    }, ["train with_mask TRAIN/mask/1.jpg", "validation with_mask valid/mask/2.jpg"]],
    ["a folder more in each part", touch("train/data/mask/1.jpg", "val/data/mask/2.jpg"), [
      "train with_mask train/data/mask/1.jpg",
      "validation with_mask val/data/mask/2.jpg",
    ]],
    ["parts in classes", touch("mask/train/1.jpg", "mask/test/2.jpg", "no_mask/train/3.jpg"), [
      "train without_mask no_mask/train/3.jpg",
      "test with_mask mask/test/2.jpg",
      "train with_mask mask/train/1.jpg",
    ]],
  ];
  for (const [name, files, expected] of cases) {
    assertEquals((await scan(files)).samples, expected, name);
  }
  const { notes } = await scan(touch("train/mask/1.jpg", "test/2.jpg"));
  assertEquals(notes[0], "test: no labelled photos: not used");
});

Deno.test("scanDataset() finds photos in folders of class folders, and class folders anywhere", async () => {
  assertEquals(
    (await scan(touch("with_mask/ann/1.jpg", "with_mask/0.jpg", "without_mask/a/b/2.jpg"))).samples,
    [
      "without_mask without_mask/a/b/2.jpg",
      "with_mask with_mask/0.jpg",
      "with_mask with_mask/ann/1.jpg",
    ],
  );
  // A folder with the name of a class that holds the classes, and one within itself.
  assertEquals((await scan(touch("mask/mask/1.jpg", "mask/no mask/2.jpg"))).samples, [
    "without_mask mask/no mask/2.jpg",
    "with_mask mask/mask/1.jpg",
  ]);
  assertEquals(
    (await scan(touch("mask/train/mask/1.jpg", "mask/train/nomask/2.jpg"))).samples.length,
    2,
  );
  assertEquals((await scan(touch("mask/mask/1.jpg", "nomask/nomask/2.jpg"))).samples, [
    "without_mask nomask/nomask/2.jpg",
    "with_mask mask/mask/1.jpg",
  ]);
  // A data set of another layout in a folder with the name of a class.
  const face = annotate(["mask"]);
  for (
    const files of [
      { "mask/images/1.jpg": "", "mask/annotations/1.xml": face },
      { "face_mask/train/images/1.jpg": "", "face_mask/train/annotations/1.xml": face },
      { "mask/1.jpg": "", "mask/1.xml": face },
      { "mask/Mask/train/1.jpg": "", "mask/Mask/train/1.xml": face },
    ] as Files[]
  ) {
    const { layout, samples } = await scan(files);
    assertEquals([layout, samples.length], ["voc", 1], Object.keys(files)[0]);
  }
  // Beside others without photos of classes, deep down.
  const deep = await scan(touch("docs/a.txt", "x/docs/b.txt", "x/y/z/mask/1.jpg", "logs/1.jpg"));
  assertEquals(deep.samples, ["with_mask x/y/z/mask/1.jpg"]);
});

Deno.test("scanDataset() asks about classes that it does not understand", async () => {
  const known = touch("with_mask/1.jpg", "without_mask/2.jpg");
  for (
    const [files, ...parts] of [
      [touch("hats/3.jpg"), '"hats" (1), beside with_mask, without_mask', '"hats=ignore"'],
      [touch("hats/a/b/3.JPG", "hats/a/b/4.txt"), '"hats" (2), beside'],
      [touch("face/3.jpg"), '"face" (1)'],
      [touch("mask_or_no_mask/3.jpg"), '"mask_or_no_mask" (1)'],
      [touch("test/3.jpg"), '"test" (1)'],
      [touch("images/3.jpg"), '"images" (1)'],
    ] as [Files, ...string[]][]
  ) {
    const message = await refuse({ ...known, ...files }, InvalidData);
    for (const part of ["classes must say what each class of * means, got ", ...parts]) {
      assertStringIncludes(message, part);
    }
  }
  // What holds no photo asks nothing.
  assertEquals((await scan({ ...known, ...touch("logs/1.txt", "empty/.keep") })).samples.length, 2);
  const classes = { hats: "ignore", "Bare Heads": "without_mask" } as const;
  const { samples, notes } = await scan(
    { ...known, ...touch("hats/3.jpg", "hats/4.jpg", "bare_heads/5.jpg") },
    { classes },
  );
  assertEquals(samples.slice(0, 2), [
    "without_mask bare_heads/5.jpg",
    "without_mask without_mask/2.jpg",
  ]);
  assertStringIncludes(notes.join(), "class hats is ignored, as classes says (the first of 2)");
  // Folders of none of our names are class folders if `classes` says so.
  const own = await scan(touch("A/1.jpg", "B/2.jpg"), {
    classes: { a: "with_mask", b: "without_mask" },
  });
  assertEquals(own.samples, ["without_mask B/2.jpg", "with_mask A/1.jpg"]);
  await assertRejects(
    () => scanDataset("gone", { classes: { a: "hat" as "ignore" } }),
    RangeError,
    "classes must map each name to one of",
  );
});

Deno.test("scanDataset() refuses several data sets, unless one is called data", async () => {
  const files = touch("one/mask/1.jpg", "two/mask/1.jpg");
  assertEquals(
    await refuse(files, InvalidData),
    "* must hold one data set, got several: */one, */two",
  );
  const { samples } = await scan({ ...files, ...touch("data/mask/1.jpg") });
  assertEquals(samples, ["with_mask data/mask/1.jpg"]);
  assertEquals(
    await refuse(touch("mask/no_mask/1.jpg", "without_mask/2.jpg"), InvalidData),
    "* must have either classes or data sets as its folders, got without_mask and mask, which has folders of " +
      "classes itself",
  );
  assertEquals(
    await refuse({ ...touch("train/mask/1.jpg", "test/1.jpg", "test/1.xml") }, InvalidData),
    "* must be of one layout, got voc and class-folders",
  );
});

Deno.test("scanDataset() reads annotations beside their photos, as AIZOO has them", async () => {
  const { layout, samples, notes } = await scan({
    "train/1.jpg": await greyPhoto(100, 80),
    "train/1.xml": annotate(["face", "face_mask"]),
    "val/2.jpg": await greyPhoto(100, 80),
    "val/2.xml": annotate(["face_mask"]),
    "val/3.jpg": "",
  });
  assertEquals(layout, "voc");
  assertEquals(samples, [
    "train without_mask train/1.jpg 10,10,20,40",
    "train with_mask train/1.jpg 10,10,20,40",
    "validation with_mask val/2.jpg 10,10,20,40",
  ]);
  assertEquals(notes, [
    "val/3.jpg: no annotation: not used",
    ": classes are read so: face as without_mask, face_mask as with_mask",
  ]);
});

Deno.test("scanDataset() keeps the split of ImageSets", async () => {
  const photos = ["a", "b", "c", "d"];
  const set = Object.fromEntries(photos.flatMap((name) => [
    [`VOC2007/JPEGImages/${name}.jpg`, ""],
    [`VOC2007/Annotations/${name}.xml`, annotate(["mask"])],
  ]));
  const lists = (files: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`VOC2007/ImageSets/Main/${name}.txt`, text]),
    );
  const partsOf = async (files: Record<string, string>) =>
    (await scan({ ...set, ...lists(files) })).samples.map((line) => line.split(" with_mask")[0]);
  assertEquals(
    await partsOf({
      train: "a\n",
      val: "b  1\r\nx\n",
      test: "c.jpg",
      trainval: "a\nb",
      mask_train: "d",
    }),
    ["train", "validation", "test", "with_mask VOC2007/JPEGImages/d.jpg 10,10,20,40"],
  );
  assertEquals(await partsOf({ trainval: "a\nb\nd", test: "c" }), [
    "train",
    "train",
    "test",
    "train",
  ]);
  const { samples, notes } = await scan({ ...set, ...lists({ train: "a\nb", test: "b\nc\nd" }) });
  assertEquals(samples.map((line) => line.split(" ")[0]), ["train", "test", "test", "test"]);
  assertEquals(
    notes[0],
    "VOC2007/ImageSets/Main/train.txt: b is listed for test too, and belongs there",
  );
});

Deno.test("scanDataset() moves boxes to the photo that is there, and counts what it did", async () => {
  const face = ["mask"];
  const { samples, notes, unreadable } = await scan({
    "images/1.jpg": await greyPhoto(100, 80),
    "annotations/1.xml": annotate(face),
    "images/2.jpg": await greyPhoto(200, 160),
    "annotations/2.xml": annotate(face),
    "images/3.jpg": await greyPhoto(50, 40),
    "annotations/3.xml": annotate(face),
    "images/4.jpg": await greyPhoto(100, 80, { orientation: 6 }),
    "annotations/4.xml": annotate(face),
    "images/5.jpg": await greyPhoto(100, 80, { orientation: 3 }),
    "annotations/5.xml": annotate(face),
    "images/6.jpg": await greyPhoto(80, 100, { orientation: 6 }),
    "annotations/6.xml": annotate(face),
    // Of a photo that cannot be read, boxes are as they were; that it cannot shows when it is decoded.
    "images/7.jpg": "no photo",
    "annotations/7.xml": annotate(face),
    "images/8.jpg": await greyPhoto(80, 100),
    "annotations/8.xml": annotate(face),
  });
  assertEquals(samples.map((line) => line.replace("with_mask images/", "")), [
    "1.jpg 10,10,20,40",
    "2.jpg 20,20,40,80",
    "3.jpg 5,5,10,20",
    "4.jpg 30,10,40,20",
    "5.jpg 10,10,20,40",
    "6.jpg 10,10,20,40",
    "7.jpg 10,10,20,40",
    "8.jpg 10,10,20,40",
  ]);
  assertEquals(unreadable, []);
  assertEquals(notes.filter((note) => note.includes("<size>")), [
    "annotations/2.xml: <size> says 100 x 80, the photo has 200 x 160: boxes are scaled (the first of 2)",
    "annotations/4.xml: <size> says 100 x 80, as the stored photo has before it is turned upright (EXIF " +
    "orientation 6): boxes are turned with it",
    "annotations/5.xml: <size> says 100 x 80, which does not tell whether boxes are those of the stored " +
    "photo or of the upright one (EXIF orientation 3): they are taken as those of the upright one",
    "annotations/8.xml: <size> says 100 x 80, the photo has 80 x 100: the two numbers are taken as exchanged",
  ]);
});

Deno.test("scanDataset() takes boxes as those of stored photos where others of the set are so", async () => {
  const photo = async (name: string, orientation: number, width = 100) => ({
    [`images/${name}.jpg`]: await greyPhoto(width, 80, { orientation }),
    [`annotations/${name}.xml`]: annotate(["mask"], { size: [width, 80] }),
  });
  const unclear = {
    ...await photo("1", 3),
    ...await photo("2", 6, 80),
    ...await photo("3", 2),
    ...await photo("4", 1),
  };
  const boxes = async (files: Files) =>
    (await scan({ ...unclear, ...files })).samples.map((line) => line.split(" ").at(-1));
  const upright = ["10,10,20,40", "10,10,20,40", "10,10,20,40", "10,10,20,40"];
  const stored = ["70,30,20,40", "30,10,40,20", "70,10,20,40", "10,10,20,40"];
  assertEquals(await boxes({}), upright);
  assertEquals(await boxes(await photo("5", 6)), [...stored, "30,10,40,20"]);
  const told = {
    "images/6.jpg": await greyPhoto(100, 80, { orientation: 6 }),
    "annotations/6.xml": annotate(["mask"], { size: [80, 100] }),
  };
  assertEquals(await boxes(told), [...upright, "10,10,20,40"]);
  assertEquals((await boxes({ ...await photo("5", 6), ...told })).slice(0, 4), upright);
});

Deno.test("scanDataset() leaves out what is marked as difficult, and counts it", async () => {
  const files = {
    "images/1.jpg": await greyPhoto(100, 80),
    "annotations/1.xml": annotate(["mask", "nomask"], { more: "<difficult>1</difficult>" }),
    "images/2.jpg": await greyPhoto(100, 80),
    "annotations/2.xml": annotate(["mask"], { more: "<difficult>0</difficult>" }),
  };
  await withFiles(files, async (folder) => {
    const { samples, leftOut, photos } = await scanDataset(folder, { eachClass: false });
    assertEquals([samples.length, photos.length], [1, 2]);
    assertEquals(leftOut, [{ reason: "marked difficult", count: 2 }]);
  });
});

Deno.test("scanDataset() reads annotations in other encodings", async () => {
  const text = `<?xml version="1.0" encoding="utf-16"?>${annotate(["mask"])}`;
  const bytes = new Uint8Array(Uint16Array.from(`\ufeff${text}`, (it) => it.charCodeAt(0)).buffer);
  const { samples } = await scan({
    "images/1.jpg": await greyPhoto(100, 80),
    "annotations/1.xml": bytes,
  });
  assertEquals(samples, ["with_mask images/1.jpg 10,10,20,40"]);
});

Deno.test("scanDataset() ends with the first reasons where nothing can be used", async () => {
  const photos = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [[`images/${i}.jpg`, ""], [`annotations/${i}.xml`, "<a/>"]])
      .flat(),
  );
  const reason = (i: number) => `*/annotations/${i}.xml: needs an <annotation>, got "a"`;
  assertEquals(
    await refuse(photos, InvalidData, { eachClass: false }),
    `* needs a label that can be used; 9 unreadable, first ${[0, 1, 2].map(reason).join("; ")}`,
  );
  assertEquals(
    await refuse(touch("images/1.jpg", "annotations/1.json"), InvalidData),
    "* needs a label that can be used; 1 unreadable, first */annotations: holds no .xml",
  );
  assertStringIncludes(
    await refuse(touch("hats/1.jpg", "caps/1.jpg"), NotFound),
    "other names are given by --classes; looked in * (folders: caps, hats), then in */caps",
  );
});
