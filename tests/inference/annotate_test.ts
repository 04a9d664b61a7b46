import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join, relative, resolve } from "node:path";
import sharp from "sharp";
import { annotateFile, drawMarks, type Mark } from "../../lib/inference/annotate.ts";
import { drawLabels, measureLabel } from "../../lib/inference/draw_labels.ts";
import { CLASS_STYLES, parseColour } from "../../lib/class_style.ts";
import type { Photo } from "../../lib/photo.ts";
import { CLASSES, type ClassName } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const [WIDTH, HEIGHT] = [200, 120];
const grey = (level: number): Photo => ({
  width: WIDTH,
  height: HEIGHT,
  pixels: new Uint8Array(WIDTH * HEIGHT * 3).fill(level),
});
const mark = (label: ClassName, left = 50, top = 40): Mark => ({
  box: { left, top, width: 80, height: 60 },
  label,
  probability: 0.97,
});
/** How many pixels of a picture are of a colour, or nearly so: edges of letters are smooth. */
function countNear({ bitmap }: { bitmap: Uint8ClampedArray }, colour: string): number {
  const wanted = parseColour(colour);
  return Array.from({ length: bitmap.length / 4 }, (_, i) => 4 * i).filter((at) =>
    wanted.every((level, channel) => Math.abs(level - bitmap[at + channel]!) < 32)
  ).length;
}
/** How many pixels of a picture have each colour, as "#RRGGBB". */
function countColours({ bitmap }: { bitmap: Uint8ClampedArray }): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < bitmap.length; i += 4) {
    const colour = "#" + [...bitmap.subarray(i, i + 3)]
      .map((level) => level.toString(16).padStart(2, "0")).join("").toUpperCase();
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return counts;
}

Deno.test("drawMarks() gives each class its colour, on any ground, and leaves the photo alone", async () => {
  for (const level of [0, 128, 255]) {
    for (const label of CLASSES["three-class"]) {
      const photo = grey(level);
      const { colour, ink } = CLASS_STYLES[label];
      const picture = await drawMarks(photo, [mark(label)]);
      for (const wanted of [colour, ink, "#000000"]) {
        assert(countNear(picture, wanted) > 20, `${label} on ${level}: ${wanted}`);
      }
      assert(photo.pixels.every((value) => value === level));
    }
  }
});

Deno.test("drawMarks() breaks the lines of the classes differently", async () => {
  const shares = await Promise.all(CLASSES["three-class"].map(async (label) => {
    const { bitmap } = await drawMarks(grey(128), [mark(label)]);
    // Along the lower line, which no label hides: rows 101 and 102 below the box that ends at 100.
    const row = Array.from({ length: 70 }, (_, x) => bitmap[4 * (101 * WIDTH + 55 + x)]);
    return new Set(row).size === 1 ? "whole" : row.filter((red) => red === 255).length;
  }));
  assertEquals(shares[CLASSES["three-class"].indexOf("with_mask")], "whole");
  assertEquals(new Set(shares).size, 3);
});

Deno.test("drawMarks() draws around a face, and lines that grow with the photo", async () => {
  for (const scale of [1, 10]) {
    const [width, height] = [WIDTH * scale, HEIGHT * scale];
    const photo = { width, height, pixels: new Uint8Array(width * height * 3).fill(128) };
    const box = { left: 50 * scale, top: 40 * scale, width: 10 * scale, height: 12 * scale };
    const { bitmap } = await drawMarks(photo, [{ box, label: "with_mask", probability: 1 }]);
    const blueAt = (x: number, y: number) => bitmap[4 * (y * width + x) + 2];
    for (let y = box.top; y < box.top + box.height; y++) {
      for (let x = box.left; x < box.left + box.width; x++) assertEquals(blueAt(x, y), 128);
    }
    const blue = parseColour(CLASS_STYLES.with_mask.colour)[2];
    const below = Array.from({ length: 30 }, (_, y) => blueAt(box.left, box.top + box.height + y));
    const thick = below.filter((level) => level === blue).length;
    assertEquals([thick, below.indexOf(128)], scale === 1 ? [2, 4] : [5, 9]);
  }
});

Deno.test("drawMarks() hides no face with a label where there is room, nor a label with another", async () => {
  const boxes = Array.from({ length: 12 }, (_, i) => ({
    left: 20 + 120 * (i % 4),
    top: 30 + 90 * Math.floor(i / 4),
    width: 24,
    height: 30,
  }));
  const photo = { width: 500, height: 300, pixels: new Uint8Array(500 * 300 * 3).fill(128) };
  const marks = boxes.map((box) => ({ box, label: "without_mask" as const, probability: 0.97 }));
  const picture = await drawMarks(photo, marks);
  // Each label is there as a whole: twelve times the colours of one.
  const [one, all] = [await drawMarks(photo, [marks[0]!]), picture].map(countColours);
  const { colour } = CLASS_STYLES.without_mask;
  assertEquals(all!.get(colour), 12 * one!.get(colour)!);
  for (const { left, top, width, height } of boxes) {
    for (let y = top; y < top + height; y++) {
      const from = 4 * (y * 500 + left);
      const row = picture.bitmap.subarray(from, from + 4 * width);
      assert(row.every((level, i) => level === (i % 4 === 3 ? 255 : 128)));
    }
  }
});

Deno.test("drawMarks() keeps within the picture, whatever the box", async () => {
  const photos = [grey(9), { width: 3, height: 2, pixels: new Uint8Array(18) }];
  for (const photo of photos) {
    for (const [left, top] of [[-30, -20], [190, 110], [0, 0], [500, 500]] as const) {
      const picture = await drawMarks(photo, [mark("without_mask", left, top)]);
      assertEquals([picture.width, picture.height], [photo.width, photo.height]);
    }
    await drawMarks(photo, [{ label: "with_mask", probability: 1 }]);
    await drawMarks(photo, [{ label: "with_mask", probability: 0.5, unsure: true }]);
  }
  assertEquals([...countColours(await drawMarks(grey(9), []))], [["#090909", WIDTH * HEIGHT]]);
});

Deno.test("drawLabels() writes every word and figure that labels have, as large as it measures", async () => {
  const words = Object.values(CLASS_STYLES).flatMap(({ short }) => [short, `${short}?`]);
  const texts = [...words, ...Array.from({ length: 101 }, (_, share) => `mask ${share}%`)];
  const style = { colour: "#FFFFFF", ink: "#000000" };
  for (const fontSize of [1, 10, 13, 40]) {
    const labels = await drawLabels(texts.map((text) => ({ text, fontSize, ...style })));
    for (const [i, label] of labels.entries()) {
      const { width, height } = measureLabel(texts[i]!, fontSize);
      assertEquals([label.width, label.height], [width, height]);
      assert(label.bitmap.every((level, at) => at % 4 !== 3 || level === 255));
    }
    if (fontSize < 10) continue;
    const pictures = new Set(labels.map(({ bitmap }) => bitmap.join()));
    assertEquals(pictures.size, texts.length);
  }
  assertEquals(await drawLabels([]), []);
});

Deno.test("drawLabels() draws each letter to its end, at any size", async () => {
  // A letter's ink reaches as far as the text is wide: outlines that break off leave the rest empty.
  for (let fontSize = 8; fontSize < 60; fontSize += 0.7) {
    for (const text of ["no mask 97%", "mask 45%", "incorrect?", "no mask 100%"]) {
      const [label] = await drawLabels([{ text, fontSize, colour: "#FFFFFF", ink: "#FF0000" }]);
      const { bitmap, width, height } = label!;
      let last = 0;
      for (let y = 2; y < height - 2; y++) {
        for (let x = 2; x < width - 2; x++) {
          const at = 4 * (y * width + x);
          if (bitmap[at] === 255 && bitmap[at + 1]! < 128) last = Math.max(last, x);
        }
      }
      assert(last > width - 0.5 * fontSize - 2, `${text} at ${fontSize}: ${last} of ${width}`);
    }
  }
});

const writePhoto = (path: string) =>
  sharp(grey(200).pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .toFormat(path.endsWith("png") ? "png" : "jpeg").toFile(path);

Deno.test("annotateFile() writes a picture for each photo, whole or not at all", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "a"));
    const out = join(folder, "out");
    for (const name of ["1.jpg", "a/1.jpg", "a/1.png"]) {
      await writePhoto(join(folder, name));
      const target = await annotateFile(join(folder, name), [mark("with_mask")], out);
      const { format, width, height } = await sharp(target).metadata();
      assertEquals([format, width, height], ["jpeg", WIDTH, HEIGHT]);
      assert(resolve(target).startsWith(resolve(out)));
    }
    const here = relative(Deno.cwd(), folder).replaceAll("..", "__");
    const names = (await Array.fromAsync(Deno.readDir(join(out, here, "a")))).map(({ name }) =>
      name
    );
    assertEquals(names.sort(), ["1.jpg", "1.png.jpg"]);
    await Deno.writeTextFile(join(folder, "bad.jpg"), "no photo");
    await assertRejects(
      () => annotateFile(join(folder, "bad.jpg"), [], out),
      Deno.errors.InvalidData,
    );
  });
});

Deno.test("annotateFile() gives each photo a picture of its own, inside the folder", async () => {
  await withFolder(async (folder) => {
    const names = ["a.jpg", "a.JPG", "a.jpeg", "a.png", "a.png.jpg", "a.png.jpg.jpg", "photo"];
    names.push("photo.jpg", "photo~.jpg", "photo~", "photo~~.jpg", "..jpg", "a.heic", "a.heic.jpg");
    const here = join(folder, "here"), out = join(folder, "out");
    const folders = [here, folder, join(here, "__"), join(here, "___"), join(folder, "__")];
    const before = Deno.cwd();
    const targets: string[] = [];
    for (const path of folders) await Deno.mkdir(path, { recursive: true });
    Deno.chdir(here);
    try {
      for (const path of folders) {
        for (const name of names) {
          await writePhoto(join(path, name));
          targets.push(await annotateFile(join(path, name), [], out));
        }
      }
      const same = await annotateFile("../here/./a.jpg", [], out);
      assertEquals(same, targets[0]);
    } finally {
      Deno.chdir(before);
    }
    assertEquals(new Set(targets).size, folders.length * names.length);
    for (const target of targets) {
      assert((await Deno.realPath(target)).startsWith(join(await Deno.realPath(out), "/")), target);
    }
    const kept = ["a.jpg", "a.JPG", "a.jpeg", "a.png.jpg"].map((name) => join(out, name));
    assertEquals(targets.slice(0, 4), kept);
  });
});

Deno.test("annotateFile() follows no link to the photo, or out of the folder", async () => {
  const links = [
    ["the photo's folder", "is the photo itself"],
    ["the photo", "is the photo itself"],
    ["another file", "leads to "],
    ["another folder", "leads to "],
  ] as const;
  for (const [to, message] of links) {
    await withFolder(async (folder) => {
      const photo = join(folder, "1.jpg"), other = join(folder, "other");
      await writePhoto(photo);
      await Deno.mkdir(other);
      await Deno.writeTextFile(join(other, "2.jpg"), "mine");
      const before = await Deno.readFile(photo);
      const out = join(folder, "out");
      const place = join(out, relative(Deno.cwd(), photo).replaceAll("..", "__"));
      const [link, target] = {
        "the photo's folder": [dirname(place), folder],
        "the photo": [place, photo],
        "another file": [place, join(other, "2.jpg")],
        "another folder": [dirname(place), other],
      }[to] as [string, string];
      await Deno.mkdir(dirname(link), { recursive: true });
      await Deno.symlink(target, link);
      await assertRejects(
        () => annotateFile(photo, [mark("with_mask")], out),
        Deno.errors.AlreadyExists,
        message,
      );
      assertEquals(await Deno.readFile(photo), before);
      assertEquals((await Array.fromAsync(Deno.readDir(other))).length, 1);
      assertEquals(await Deno.readTextFile(join(other, "2.jpg")), "mine");
    });
  }
});
