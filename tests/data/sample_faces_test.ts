import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Image } from "imagescript";
import { createHash } from "node:crypto";
import { seededRandom } from "../../lib/random.ts";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { makeDice } from "../../lib/data/sample_faces/chance.ts";
import { drawSampleFace } from "../../lib/data/sample_faces/draw.ts";
import { makeFace } from "../../lib/data/sample_faces/face.ts";
import { drawIdleMask, drawMask } from "../../lib/data/sample_faces/masks.ts";
import { picture } from "../../lib/data/sample_faces/svg.ts";
import type { Progress } from "../../lib/types.ts";

/** Runs a test in a folder of its own. */
async function inTempDir(test: (parent: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(parent);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

async function listNames(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

async function readFaces(folder: string): Promise<Map<string, Uint8Array>> {
  const faces = new Map<string, Uint8Array>();
  for (const className of ["with_mask", "without_mask"]) {
    for (const name of await listNames(join(folder, className))) {
      faces.set(`${className}/${name}`, await Deno.readFile(join(folder, className, name)));
    }
  }
  return faces;
}

Deno.test("drawSampleFace() draws sound SVG, other for each seed and class", () => {
  const drawings = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    for (const masked of [true, false]) {
      const drawing = drawSampleFace(seededRandom(seed), masked);
      assert(!/NaN|undefined|Infinity|""/.test(drawing), `seed ${seed}`);
      for (const [, id] of drawing.matchAll(/url\(#(\w+)\)/g)) {
        assertEquals(
          drawing.split(`id="${id}"`).length,
          2,
          `seed ${seed}: one definition of ${id}`,
        );
      }
      drawings.add(drawing);
    }
  }
  assertEquals(drawings.size, 1000);
});

Deno.test("drawSampleFace() draws what the manifest's version stands for", () =>
  inTempDir(async (parent) => {
    await writeSampleFaces(join(parent, "faces"), { count: 2 });
    const { version } = JSON.parse(
      await Deno.readTextFile(join(parent, "faces/sample_faces.json")),
    );
    const hash = createHash("sha256");
    for (let seed = 0; seed < 50; seed++) {
      hash.update(drawSampleFace(seededRandom(seed), seed % 2 === 0));
    }
    // Another hash means other faces for the same seed: raise VERSION in lib/data/sample_faces.ts as well,
    // or folders of before pass for new ones.
    assertEquals([version, hash.digest("hex")], [
      1,
      "ff41bd396d46db3d8790f932fbf180fbe4b22224a26167914727bc715953e766",
    ]);
  }));

Deno.test("drawMask() covers nose and mouth, drawIdleMask() neither", async () => {
  for (let seed = 0; seed < 100; seed++) {
    for (const [draw, cover] of [[drawMask, 255], [drawIdleMask, 0]] as const) {
      const dice = makeDice(seededRandom(seed));
      const face = makeFace(dice);
      const image = await Image.renderSVG(picture(200, 200, draw(dice, face)));
      for (const [part, x, y] of [["nose", 0, 13], ["mouth", -9, 30], ["mouth", 9, 30]] as const) {
        const [left = NaN, top = NaN] = face.at(x, y).split(" ").map((at) => Number(at) + 100);
        const alpha = image.bitmap[4 * (Math.round(top) * image.width + Math.round(left)) + 3];
        assertEquals(alpha, cover, `${draw.name}, seed ${seed}: ${part}`);
      }
    }
  }
});

Deno.test("writeSampleFaces() writes JPEG files of many sizes in the class-folder layout", () =>
  inTempDir(async (parent) => {
    const folder = join(parent, "data", "faces");
    await writeSampleFaces(folder, { count: 24, seed: 5 });
    assertEquals(await listNames(folder), ["sample_faces.json", "with_mask", "without_mask"]);
    assertEquals(await listNames(join(parent, "data")), ["faces"]);
    const manifest = JSON.parse(await Deno.readTextFile(join(folder, "sample_faces.json")));
    assertEquals([manifest.count, manifest.seed], [24, 5]);
    const faces = await readFaces(folder);
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
    assertEquals(
      new Set(faces.keys()),
      new Set(
        ["with_mask", "without_mask"].flatMap((c) => numbers.map((n) => `${c}/${c}_${n}.jpg`)),
      ),
    );
    const shapes = new Set<number>();
    for (const [name, bytes] of faces) {
      assertEquals([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff], name);
      const { width, height, bitmap } = await Image.decode(bytes) as Image;
      assert(
        height >= 72 && height <= 320 && width >= 0.74 * height && width <= 1.21 * height,
        name,
      );
      assert(new Set(bitmap).size > 50, `${name} shows something`);
      shapes.add(width / height);
    }
    assert(shapes.size > 4);
  }));

Deno.test("writeSampleFaces() draws the same files for a seed, whatever the count", () =>
  inTempDir(async (parent) => {
    const [few, more, other] = [join(parent, "few"), join(parent, "more"), join(parent, "other")];
    await writeSampleFaces(few, { count: 4, seed: 1 });
    await writeSampleFaces(more, { count: 8, seed: 1 });
    await writeSampleFaces(other, { count: 4, seed: 2 });
    const [fewer, all, others] = await Promise.all([few, more, other].map(readFaces));
    for (const [name, bytes] of fewer!) {
      assertEquals(all!.get(name), bytes, name);
      assertNotEquals(others!.get(name), bytes, name);
    }
  }));

Deno.test("writeSampleFaces() keeps the same faces, and replaces others", () =>
  inTempDir(async (parent) => {
    const folder = join(parent, "faces");
    const reports: Progress[] = [];
    const onProgress = (progress: Progress) => reports.push(progress);
    await writeSampleFaces(folder, { count: 4, onProgress });
    assertEquals(
      reports,
      [2, 4].map((done) => {
        return { stage: "Drawing sample faces", done, total: 4 };
      }),
    );
    await writeSampleFaces(folder, { count: 4, seed: 42, onProgress });
    assertEquals(reports.length, 2);
    await writeSampleFaces(folder, { count: 2, seed: 42, onProgress });
    assertEquals(reports.length, 3);
    assertEquals((await readFaces(folder)).size, 2);
    assertEquals(await listNames(parent), ["faces"]);
  }));

Deno.test("writeSampleFaces() shows nothing before all is drawn, and leaves nothing if it fails", () =>
  inTempDir(async (parent) => {
    const folder = join(parent, "faces");
    const onProgress = ({ done }: Progress) => {
      assert(![...Deno.readDirSync(parent)].some(({ name }) => name === "faces"));
      if (done === 4) throw new Error("stopped");
    };
    await assertRejects(() => writeSampleFaces(folder, { count: 6, onProgress }), Error, "stopped");
    assertEquals(await listNames(parent), []);
  }));

Deno.test("writeSampleFaces() removes what a killed run left, and nothing else", () =>
  inTempDir(async (parent) => {
    for (const name of [".faces-part/made/with_mask", ".faces-part/old", "bystander"]) {
      await Deno.mkdir(join(parent, name), { recursive: true });
    }
    await Deno.writeTextFile(join(parent, ".faces-part/made/with_mask/half.jpg"), "half");
    await writeSampleFaces(join(parent, "faces"), { count: 2 });
    assertEquals((await readFaces(join(parent, "faces"))).size, 2);
    assertEquals(await listNames(parent), ["bystander", "faces"]);
  }));

Deno.test("writeSampleFaces() may run several times at once", () =>
  inTempDir(async (parent) => {
    const folder = join(parent, "faces");
    for (let seed = 0; seed < 20; seed++) { // each finds the faces of the seed before
      await Promise.all([1, 2, 3].map(() => writeSampleFaces(folder, { count: 2, seed })));
      assertEquals((await readFaces(folder)).size, 2);
      assertEquals(await listNames(parent), ["faces"]);
    }
  }));

Deno.test("writeSampleFaces() refuses a folder that holds other things", () =>
  inTempDir(async (parent) => {
    await Deno.writeTextFile(join(parent, "holiday.jpg"), "mine");
    await assertRejects(
      () => writeSampleFaces(parent, { count: 2 }),
      Deno.errors.AlreadyExists,
      "holiday.jpg",
    );
    assertEquals(await listNames(parent), ["holiday.jpg"]);
  }));

Deno.test("writeSampleFaces() refuses bad options before any I/O", async () => {
  for (
    const options of [{ count: 0 }, { count: 3 }, { count: 2.5 }, { count: NaN }, { seed: 0.5 }]
  ) {
    await assertRejects(() => writeSampleFaces("/nowhere/faces", options), RangeError);
  }
});
