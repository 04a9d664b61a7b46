import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { relative } from "node:path";
import { findWithin, parseDataYaml } from "../../lib/data/data_yaml.ts";
import type { Dataset, ScanOptions } from "../../lib/data/dataset.ts";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { parseYoloLabels } from "../../lib/data/yolo.ts";
import { greyPhoto, touch, withFiles } from "../fixtures/folders.ts";

const NAMES = new Map([[0, "mask"], [1, "no-mask"]]);
const PHOTO = await greyPhoto(200, 100);
const { InvalidData } = Deno.errors;

/** `label left,top,width,height` of each face of a photo of 200 x 100. */
function read(text: string, how: Partial<Parameters<typeof parseYoloLabels>[1]> = {}) {
  const { place } = parseYoloLabels(text, { names: NAMES, ...how });
  const { faces, dropped } = place({ width: 200, height: 100, orientation: 1 });
  return { faces: faces.map(({ label, box }) => `${label} ${Object.values(box).join()}`), dropped };
}

Deno.test("parseYoloLabels() reads boxes, outlines and key points", () => {
  const cases: [string, string[]][] = [
    ["0 0.5 0.5 0.2 0.4", ["mask 80,30,40,40"]],
    ["1 0.05 0.1 0.1 0.2\r\n0 0.95 0.9 0.1 0.2\r\n\r\n", [
      "no-mask 0,0,20,20",
      "mask 180,80,20,20",
    ]],
    ["1\t0.5  0.5\t1 1 ", ["no-mask 0,0,200,100"]],
    ["0 0.5 0.5 1.0001 1", ["mask 0,0,200,100"]],
    ["0 5e-1 .5 0.001 0.001", ["mask 100,50,1,1"]],
    ["0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6", ["mask 20,20,40,40"]],
    ["", []],
  ];
  for (const [text, expected] of cases) assertEquals(read(text), { faces: expected, dropped: [] });
  const { faces } = read("0 0.5 0.5 0.2 0.4 0.9 0.9 2", { hasKeypoints: true });
  assertEquals(faces, ["mask 80,30,40,40"]);
  assertEquals(read("7 0.5 0.5 0.2 0.4", { names: new Map() }).faces, ["7 80,30,40,40"]);
});

Deno.test("parseYoloLabels() turns with the photo: labels are of the upright one", () => {
  const { place } = parseYoloLabels("0 0.5 0.5 0.2 0.4", { names: NAMES });
  const { faces } = place({ width: 200, height: 100, orientation: 6 });
  assertEquals(faces[0]!.box, { left: 40, top: 60, width: 20, height: 80 });
});

Deno.test("parseYoloLabels() drops lines that are no boxes, and keeps the others", () => {
  const lines = [
    "0 100 50 20 40",
    "0 0.5 0.5 0.2",
    "0 0.5 0.5 0.2 0.4 0.87",
    "0 0.5 0.5 0 0.4",
    "2 0.5 0.5 0.2 0.4",
    "0.5 0.5 0.5 0.2 0.4",
    "mask 0.5 0.5 0.2 0.4",
    "0 nan 0.5 0.2 0.4",
    "<annotation>",
  ];
  const { faces, dropped } = read([...lines, "1 0.5 0.5 0.2 0.4"].join("\n"));
  assertEquals(faces, ["no-mask 80,30,40,40"]);
  assertEquals(dropped, [
    'line 1: needs shares of the photo in 0 to 1, got "0 100 50 20 40"',
    'line 2: needs a class and 4 numbers or more, got "0 0.5 0.5 0.2"',
    'line 3: needs a box or an outline, got "0 0.5 0.5 0.2 0.4 0.87"',
    'line 4: empty box "0 0.5 0.5 0 0.4"',
    "line 5: class 2 has no name",
    ...lines.slice(5).map((line, i) =>
      `line ${i + 6}: needs a class and 4 numbers or more, got ${JSON.stringify(line)}`
    ),
  ]);
});

Deno.test("parseDataYaml() reads lists and maps of names, and paths of parts", () => {
  const parse = (text: string) => {
    const { names, parts, hasKeypoints } = parseDataYaml(text, "data.yaml")!;
    return {
      names: [...names.values()],
      parts: parts.map((it) => `${it.part} ${it.path}`),
      hasKeypoints,
    };
  };
  assertEquals(
    parse("train: ../train/images\nval: [a, b]\ntest: ''\nnc: 2\nnames: ['mask', 'no-mask']"),
    {
      names: ["mask", "no-mask"],
      parts: ["validation a", "validation b", "train ../train/images"],
      hasKeypoints: false,
    },
  );
  assertEquals(
    parse("names:\n  0: mask\n  1: no\nkpt_shape: [5, 3]\nvalid: v"),
    { names: ["mask", "no"], parts: ["validation v"], hasKeypoints: true },
  );
  for (const text of ["", "train: x", "names: 3", "- a", "names:"]) {
    assertEquals(parseDataYaml(text, "a.yaml"), undefined, text);
  }
  assertThrows(() => parseDataYaml("names: [", "a.yaml"), SyntaxError, "a.yaml must be YAML: ");
  const bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" +
    Array.from(
      "bcdefghi",
      (name, i) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[i]}`)}]`,
    )
      .join("\n") +
    "\nnames: *i";
  assertThrows(() => parseDataYaml(bomb, "a.yaml"), SyntaxError, "Excessive alias count");
  assertThrows(() => parseDataYaml("names: [[mask]]", "a.yaml"), SyntaxError, "must be words");
});

/** `part class file box` of each sample. */
async function scan(files: Record<string, string | Uint8Array>, options: ScanOptions = {}) {
  const seen: Pick<Dataset, "layout" | "notes" | "unreadable" | "photos">[] = [];
  const lines: string[] = [];
  await withFiles(files, async (folder) => {
    const dataset = await scanDataset(folder, { eachClass: false, ...options });
    seen.push(dataset);
    for (const { file, part, className, box } of dataset.samples) {
      lines.push(`${part ?? "-"} ${className} ${relative(folder, file)} ${Object.values(box!)}`);
    }
  });
  return { ...seen[0]!, lines };
}

const LABEL = "0 0.5 0.5 0.2 0.4";
const YAML =
  "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnames: [mask, no-mask]";
const box = "80,30,40,40";

Deno.test("scanDataset() reads YOLO's layouts", async () => {
  const roboflow = {
    "data.yaml": YAML,
    "README.roboflow.txt": "",
    ...Object.fromEntries(["train", "valid", "test"].flatMap((part) => [
      [`${part}/images/a_jpg.rf.1.jpg`, PHOTO],
      [`${part}/labels/a_jpg.rf.1.txt`, LABEL],
    ])),
  };
  const parts = [
    `test with_mask test/images/a_jpg.rf.1.jpg ${box}`,
    `validation with_mask valid/images/a_jpg.rf.1.jpg ${box}`,
    `train with_mask train/images/a_jpg.rf.1.jpg ${box}`,
  ];
  const cases: [string, Record<string, string | Uint8Array>, string[]][] = [
    ["Roboflow's", roboflow, parts],
    ["with paths of another machine", {
      ...roboflow,
      "data.yaml": YAML.replaceAll("../", "/home/bob/set/"),
    }, parts],
    ["with `path`", {
      ...roboflow,
      "data.yaml": `path: ../datasets/set\n${YAML.replaceAll("../", "")}`,
    }, parts],
    [
      "in one more folder",
      Object.fromEntries(
        Object.entries(roboflow).map(([name, content]) => [`set/${name}`, content]),
      ),
      parts.map((line) => line.replace(" with_mask ", " with_mask set/")),
    ],
    ["without paths", { ...roboflow, "data.yaml": "names: [mask]" }, [
      `test with_mask test/images/a_jpg.rf.1.jpg ${box}`,
      `train with_mask train/images/a_jpg.rf.1.jpg ${box}`,
      `validation with_mask valid/images/a_jpg.rf.1.jpg ${box}`,
    ]],
    ["Ultralytics'", {
      "a.yaml": "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: mask",
      "images/train/1.jpg": PHOTO,
      "labels/train/1.txt": LABEL,
      "images/val/2.jpg": PHOTO,
      "labels/val/2.txt": LABEL,
    }, [
      `validation with_mask images/val/2.jpg ${box}`,
      `train with_mask images/train/1.jpg ${box}`,
    ]],
    ["with lists", {
      "data.yaml": "train: train.txt\nval: lists/val.txt\nnames: [mask]",
      "train.txt": "./images/1.jpg\n",
      "lists/val.txt": "/home/bob/set/images/2.jpg\n/gone/3.jpg",
      "images/1.jpg": PHOTO,
      "labels/1.txt": LABEL,
      "images/2.jpg": PHOTO,
      "labels/2.txt": LABEL,
    }, [`validation with_mask images/2.jpg ${box}`, `train with_mask images/1.jpg ${box}`]],
    ["classes.txt beside the labels", {
      "images/1.jpg": PHOTO,
      "labels/1.txt": `1${LABEL.slice(1)}`,
      "labels/classes.txt": "mask\nno mask\n",
    }, [`- without_mask images/1.jpg ${box}`]],
    ["classes.txt above", {
      "classes.txt": "mask",
      "images/train/1.jpg": PHOTO,
      "labels/train/1.txt": LABEL,
    }, [`train with_mask images/train/1.jpg ${box}`]],
    ["Darknet's, both in one folder", {
      "obj.names": "mask\r\nno_mask\r\n",
      "obj_train_data/1.jpg": PHOTO,
      "obj_train_data/1.txt": LABEL,
      "obj_train_data/2.jpg": PHOTO,
      "obj_train_data/2.txt": "",
    }, [`- with_mask obj_train_data/1.jpg ${box}`]],
  ];
  for (const [name, files, expected] of cases) {
    const { layout, lines } = await scan(files);
    assertEquals([layout, lines], ["yolo", expected], name);
  }
});

Deno.test("scanDataset() says what YOLO's layouts lack", async () => {
  const files = { "images/1.jpg": PHOTO, "labels/1.txt": LABEL };
  await withFiles(files, async (folder) => {
    const { message } = await assertRejects(() => scanDataset(folder), InvalidData);
    assertStringIncludes(message, 'got "0" (1); write --classes "0=ignore"');
    const { samples } = await scanDataset(folder, {
      eachClass: false,
      classes: { 0: "with_mask" },
    });
    assertEquals(samples.length, 1);
  });
  const { lines, notes, unreadable, photos } = await scan({
    "data.yaml": "train: images\nval: gone\ntest: images\nnames: [mask]",
    ...files,
    ...touch("images/2.jpg"),
    "images/3.jpg": "no photo",
    "labels/3.txt": LABEL,
    "images/4.jpg": PHOTO,
    "labels/4.txt": `${LABEL}\n5 1 1 1 1`,
    "images/5.jpg": PHOTO,
    "labels/5.txt": "x".repeat(2 ** 20 + 1),
  });
  assertEquals(lines, [`test with_mask images/1.jpg ${box}`, `test with_mask images/4.jpg ${box}`]);
  assertEquals(photos.length, 3);
  assertEquals(unreadable.map(({ file, reason }) => `${file.slice(-5)} ${reason.slice(0, 40)}`), [
    "5.txt needs an annotation of at most 1048576 b",
    "3.jpg not a readable photo: Input buffer conta",
    "4.txt line 2: class 5 has no name",
  ]);
  assertEquals(notes.map(({ reason }) => reason), [
    "gone of its validation part is not there",
    "no label file: not used (the first of 2)",
    "listed for test and train: stays in test (the first of 4)",
    "classes are read so: mask as with_mask",
  ]);
});

Deno.test("findWithin() never leaves the data set", async () => {
  await withFiles(touch("set/images/1.jpg", "other/images/1.jpg"), async (folder) => {
    const set = `${folder}/set`;
    const find = async (path: string) =>
      (await findWithin(set, [set], path))?.path.slice(folder.length);
    assertEquals(await find("images"), "/set/images");
    assertEquals(await find("../set/images"), "/set/images");
    assertEquals(await find("../other/images"), "/set/images");
    assertEquals(await find(`${folder}/other/images/1.jpg`), "/set/images/1.jpg");
    assertEquals(await find("C:\\bob\\images"), "/set/images");
    assertEquals(await find("."), "/set");
    assertEquals(await find("/etc"), undefined);
    assertEquals(await find("../other"), undefined);
  });
});
