import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join, relative } from "node:path";
import type { Dataset, ScanOptions } from "../../lib/data/dataset.ts";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { touch, withFiles } from "../fixtures/folders.ts";

const CLASS_FOLDERS = touch("with_mask/b.jpg", "without_mask/a.jpg");

/** An annotation of a photo of 100 x 80 with faces given as `[class, left, top, side]`, from 1. */
const annotate = (filename: string, ...faces: [string, number, number, number][]) =>
  `<annotation><filename>${filename}</filename><size><width>100</width><height>80</height></size>` +
  faces.map(([name, left, top, side]) =>
    `<object><name>${name}</name><bndbox><xmin>${left}</xmin><ymin>${top}</ymin>` +
    `<xmax>${left + side - 1}</xmax><ymax>${top + side - 1}</ymax></bndbox></object>`
  ).join("") + "</annotation>";
const VOC = {
  ...touch("images/a.png", "images/b.jpg"),
  "annotations/a.xml": annotate("a.png", ["with_mask", 1, 1, 30], ["without_mask", 41, 11, 10]),
  "annotations/b.xml": annotate("b.jpg", ["mask_weared_incorrect", 5, 5, 20], [
    "with_mask",
    9,
    9,
    9,
  ]),
};

/** `class file left,top,width,height` of each sample, its path from the folder. */
const describe = ({ samples }: Dataset, folder: string) =>
  samples.map(({ className, file, box }) =>
    [className, relative(folder, file), ...box ? [Object.values(box).join()] : []].join(" ")
  );
/** `file: reason` of each, its path from the folder. */
const list = (entries: Dataset["notes"], folder: string) =>
  entries.map(({ file, reason }) => `${relative(folder, file)}: ${reason}`);

Deno.test("scanDataset() finds class folders wherever they are nested", async () => {
  for (
    const [at, beside] of [
      ["", []],
      ["data/", []],
      ["data/", ["other/readme.txt", "more/readme.txt"]],
      ["face-mask-dataset/data/", ["face-mask-dataset/readme.txt"]],
      ["a/b/c/d/", []],
      ["a/", [".git/x", "__MACOSX/data/with_mask/._b.jpg"]],
    ] as const
  ) {
    const names = ["with_mask/b.jpg", "without_mask/a.jpg"].map((name) => at + name);
    await withFiles(touch(...names, ...beside), async (folder) => {
      const dataset = await scanDataset(folder);
      assertEquals(dataset.layout, "class-folders");
      assertEquals(describe(dataset, folder), [
        `without_mask ${at}without_mask/a.jpg`,
        `with_mask ${at}with_mask/b.jpg`,
      ]);
    });
  }
});

Deno.test("scanDataset() lists each file of a class folder, in code-unit order", async () => {
  const files = touch(
    ...["10.jpg", "2.jpg", "B.jpg", "a.txt", "é.jpg", "no extension"].map((n) => `with_mask/${n}`),
    ...[".DS_Store", "Thumbs.db", "desktop.ini", "._2.jpg"].map((n) => `with_mask/${n}`),
    "with_mask/folder/3.jpg",
    "without_mask/1.jpg",
    "sample_faces.json",
  );
  await withFiles(files, async (folder) => {
    const dataset = await scanDataset(folder);
    assertEquals(describe(dataset, folder), [
      "without_mask without_mask/1.jpg",
      ...["10.jpg", "2.jpg", "B.jpg", "a.txt", "no extension", "é.jpg", "folder/3.jpg"]
        .map((name) => `with_mask with_mask/${name}`),
    ]);
    assertEquals(dataset.classes, ["without_mask", "with_mask"]);
    assertEquals([dataset.leftOut, dataset.unreadable], [[], []]);
    assertEquals(dataset.notes, []);
  });
});

Deno.test("scanDataset() follows links, and takes a broken one for a photo", async () => {
  await withFiles({ ...CLASS_FOLDERS, "elsewhere/c.jpg": "" }, async (folder) => {
    await Deno.mkdir(join(folder, "set"));
    await Deno.symlink(join(folder, "with_mask"), join(folder, "set/with_mask"));
    await Deno.symlink(join(folder, "elsewhere"), join(folder, "set/without_mask"));
    await Deno.symlink(join(folder, "gone.jpg"), join(folder, "elsewhere/d.jpg"));
    assertEquals(describe(await scanDataset(join(folder, "set")), folder), [
      "without_mask set/without_mask/c.jpg",
      "without_mask set/without_mask/d.jpg",
      "with_mask set/with_mask/b.jpg",
    ]);
  });
});

Deno.test("scanDataset() lists photos once where a link leads back", async () => {
  await withFiles(CLASS_FOLDERS, async (folder) => {
    await Deno.mkdir(join(folder, "with_mask/inner"));
    await Deno.symlink(join(folder, "with_mask"), join(folder, "with_mask/inner/loop"));
    assertEquals((await scanDataset(folder)).samples.length, 2);
  });
});

Deno.test("scanDataset() reads the faces of PASCAL VOC annotations", async () => {
  const renamed = Object.fromEntries(
    Object.entries(VOC).map(([name, text]) => [
      `set/${name.replace("images", "JPEGImages").replace("annotations", "Annotations")}`,
      text,
    ]),
  );
  for (const [files, images] of [[VOC, "images"], [renamed, "set/JPEGImages"]] as const) {
    await withFiles(files, async (folder) => {
      const dataset = await scanDataset(folder);
      assertEquals(dataset.layout, "voc");
      assertEquals(describe(dataset, folder), [
        `with_mask ${images}/a.png 0,0,30,30`,
        `without_mask ${images}/a.png 40,10,10,10`,
        `with_mask ${images}/b.jpg 8,8,9,9`,
      ]);
      assertEquals(dataset.leftOut, [{ reason: "mask_weared_incorrect", count: 1 }]);
      assertEquals([dataset.unreadable, dataset.notes], [[], []]);
    });
  }
});

Deno.test("scanDataset() takes task, incorrect and minFace", async () => {
  const left = (reason: string, count = 1) => ({ reason, count });
  const cases: [ScanOptions, string[], Dataset["leftOut"]][] = [
    [{}, ["with_mask", "without_mask", "with_mask"], [left("mask_weared_incorrect")]],
    [{ incorrect: "with_mask" }, ["with_mask", "without_mask", "with_mask", "with_mask"], []],
    [
      { incorrect: "without_mask" },
      ["with_mask", "without_mask", "without_mask", "with_mask"],
      [],
    ],
    [
      { task: "three-class" },
      ["with_mask", "without_mask", "mask_weared_incorrect", "with_mask"],
      [],
    ],
    [
      { minFace: 10 },
      ["with_mask", "without_mask"],
      [left("mask_weared_incorrect"), left("face under 10 pixels")],
    ],
    [
      { task: "three-class", minFace: 9.5 },
      ["with_mask", "without_mask", "mask_weared_incorrect"],
      [left("face under 9.5 pixels")],
    ],
  ];
  await withFiles(VOC, async (folder) => {
    for (const [options, classNames, leftOut] of cases) {
      const dataset = await scanDataset(folder, options);
      assertEquals(dataset.samples.map(({ className }) => className), classNames);
      assertEquals(dataset.leftOut, leftOut);
      assertEquals(dataset.classes.length, options.task === "three-class" ? 3 : 2);
    }
  });
  await withFiles(
    { ...CLASS_FOLDERS, ...touch("mask_weared_incorrect/1.jpg", "mask_weared_incorrect/2.jpg") },
    async (folder) => {
      const { leftOut, samples } = await scanDataset(folder, { minFace: 50 });
      assertEquals([samples.length, leftOut], [2, [left("mask_weared_incorrect", 2)]]);
      assertEquals((await scanDataset(folder, { task: "three-class" })).samples.length, 4);
    },
  );
});

Deno.test("scanDataset() lists annotations that do not fit, and uses the others", async () => {
  const face: [string, number, number, number] = ["with_mask", 1, 1, 30];
  const files = {
    ...VOC,
    ...touch("images/c.jpg", "images/d.png", "images/d.jpg", "images/elsewhere.jpg"),
    ...touch("images/lonely.jpg", "annotations/notes.txt"),
    // Of another name than the photo says, which is there too.
    "annotations/c.xml": annotate("b.jpg", face),
    // Two photos of its name.
    "annotations/d.xml": annotate("d.png", face),
    // No photo of its name, but one that is no other annotation's.
    "annotations/e.xml": annotate("elsewhere.jpg", face),
    // No photo: the named one belongs to another annotation, or lies outside.
    "annotations/f.xml": annotate("a.png", face),
    "annotations/g.xml": annotate("../annotations/a.xml", face),
    "annotations/h.xml": "<annotation>",
    "annotations/i.xml": " ".repeat(2 ** 20 + 1),
    // So rare a class is a slip.
    "annotations/j.XML": "\ufeff" +
      annotate("j.jpg", face, ["hat", 1, 1, 9], ["with_mask", 95, 1, 9]),
    "annotations/k.xml": annotate("k.jpg", ...Array<typeof face>(95).fill(face)),
    ...touch("images/j.jpg", "images/k.jpg"),
  };
  await withFiles(files, async (folder) => {
    const dataset = await scanDataset(folder);
    assertEquals(describe(dataset, folder).slice(3, -95), [
      "with_mask images/c.jpg 0,0,30,30",
      "with_mask images/d.png 0,0,30,30",
      "with_mask images/elsewhere.jpg 0,0,30,30",
      "with_mask images/j.jpg 0,0,30,30",
      "with_mask images/j.jpg 94,0,6,9",
    ]);
    const images = join(folder, "images");
    assertEquals(list(dataset.unreadable, folder), [
      `annotations/f.xml: no photo f.* in ${images}; <filename> is "a.png"`,
      `annotations/g.xml: no photo g.* in ${images}; <filename> is "../annotations/a.xml"`,
      "annotations/h.xml: not well-formed XML: Missing end tag for element annotation (line 1, column 13)",
      "annotations/i.xml: needs an annotation of at most 1048576 bytes, got 1048577",
      'annotations/j.XML: face of unknown class "hat"',
    ]);
    assertEquals(list(dataset.notes, folder), [
      'annotations/c.xml: <filename> is "b.jpg": uses c.jpg',
      "annotations/e.xml: no photo e.*: uses its <filename>, elsewhere.jpg",
      "images/d.jpg: no annotation: not used (the first of 2)",
      "annotations/j.XML: face 3: box 95, 1, 103, 9 is clipped to the photo of 100 x 80",
    ]);
  });
});

Deno.test("scanDataset() says what it looked for and what it found", async () => {
  for (
    const [files, at, error, ...messages] of [
      [{}, "", Deno.errors.NotFound, "such as with_mask and without_mask", "(folders: none)"],
      [{}, "gone", Deno.errors.NotFound, "cannot list", "gone", "os error 2"],
      [CLASS_FOLDERS, "with_mask/b.jpg", Deno.errors.NotFound, "cannot list", "b.jpg"],
      [touch("x/a/1.jpg", "x/b/1.jpg"), "", Deno.errors.NotFound, "then in", "x (folders: a, b)"],
      [touch("a/b/c/d/e/f/with_mask/1"), "", Deno.errors.NotFound, "d (folders: e)"],
      [touch("images/a.jpg"), "", Deno.errors.NotFound, "images and annotations"],
      [
        touch("with_mask/1.jpg"),
        "",
        Deno.errors.InvalidData,
        "a sample of each class, found 0 without_mask, 1 with_mask in ",
      ],
      [
        touch("with_mask/.DS_Store", "without_mask/1.jpg"),
        "",
        Deno.errors.InvalidData,
        "found 1 without_mask, 0 with_mask",
      ],
      [
        { ...VOC, "annotations/a.xml": "" },
        "",
        Deno.errors.InvalidData,
        "found 0 without_mask, 1 with_mask",
        "; left out 1: mask_weared_incorrect; 1 unreadable, first ",
        "a.xml: not well-formed XML: Root element is missing",
      ],
    ] as [Record<string, string>, string, new () => Error, ...string[]][]
  ) {
    await withFiles(files, async (folder) => {
      const { message } = await assertRejects(() => scanDataset(join(folder, at)), error);
      for (const part of messages) assertStringIncludes(message, part);
    });
  }
  await withFiles(CLASS_FOLDERS, async (folder) => {
    await assertRejects(
      () => scanDataset(folder, { task: "three-class" }),
      Deno.errors.InvalidData,
      "1 with_mask, 0 mask_weared_incorrect",
    );
  });
});

Deno.test("scanDataset() refuses bad options before it looks", async () => {
  for (
    const [options, message] of [
      [{ task: "four-class" }, 'task must be one of binary, three-class, got "four-class"'],
      [
        { incorrect: "drop" },
        'incorrect must be one of leave-out, without_mask, with_mask, got "drop"',
      ],
      [{ minFace: -1 }, "minFace must be 0 pixels or more, got -1"],
      [{ minFace: NaN }, "minFace must be 0 pixels or more, got NaN"],
    ] as [ScanOptions, string][]
  ) await assertRejects(() => scanDataset("gone", options), RangeError, message);
});
