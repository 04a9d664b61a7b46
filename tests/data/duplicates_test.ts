import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { groupDuplicates } from "../../lib/data/duplicates.ts";
import { hashImage } from "../../lib/data/hash_image.ts";
import { seededRandom } from "../../lib/random.ts";
import type { ClassName, ImageSet } from "../../lib/types.ts";
import { makeScene, moveScene, renderScene, type Scene } from "../fixtures/scenes.ts";

const SIZE = 64;

/** A set of pictures, each in a file of its own unless named. */
function makeSet(
  pictures: Uint8Array[],
  { classNames = [], files = [] }: { classNames?: ClassName[]; files?: string[] } = {},
): ImageSet {
  const pixels = new Uint8Array(pictures.length * SIZE * SIZE * 3);
  pictures.forEach((picture, i) => pixels.set(picture, i * picture.length));
  const samples = pictures.map((_, i) => ({
    file: files[i] ?? `${i}.jpg`,
    className: classNames[i] ?? "with_mask",
  }));
  return { size: SIZE, pixels, samples, unreadable: [] };
}

/** The picture at another size, shown at this one again by repeating its nearest pixels. */
function rescale(scene: Scene, size: number): Uint8Array {
  const small = renderScene(scene, size);
  return renderScene((x, y) => {
    const column = Math.floor((x + 1) / 2 * size), row = Math.floor((y + 1) / 2 * size);
    const at = (row * size + column) * 3;
    return [small[at]!, small[at + 1]!, small[at + 2]!];
  }, SIZE);
}

/** Each level changed by up to `most` either way, and by as much more in blocks of 8 x 8. */
function addNoise(picture: Uint8Array, most: number): Uint8Array {
  const random = seededRandom(9);
  const blocks = Array.from({ length: (SIZE / 8) ** 2 }, () => (random() * 2 - 1) * most);
  return picture.map((level, i) => {
    const x = Math.floor(i / 3) % SIZE, y = Math.floor(i / 3 / SIZE);
    const block = blocks[Math.floor(y / 8) * SIZE / 8 + Math.floor(x / 8)]!;
    return Math.min(Math.max(level + block + (random() * 2 - 1) * most, 0), 255);
  });
}

/** The scene with black where a turned photo leaves its frame. */
function frame(scene: Scene, degrees: number): Scene {
  const cos = Math.cos(degrees * Math.PI / 180), sin = Math.sin(degrees * Math.PI / 180);
  const turned = moveScene(scene, { degrees });
  return (x, y) =>
    Math.max(Math.abs(x * cos + y * sin), Math.abs(y * cos - x * sin)) > 1
      ? [0, 0, 0]
      : turned(x, y);
}

const COPIES: Record<string, (scene: Scene) => Uint8Array> = {
  "shrunk to a half": (scene) => rescale(scene, SIZE / 2),
  "enlarged": (scene) => rescale(scene, SIZE * 3),
  "brightened": (scene) => renderScene(scene, SIZE).map((level) => level + 30),
  "of less contrast": (scene) => renderScene(scene, SIZE).map((level) => level * 0.6 + 20),
  "noisy, in blocks too": (scene) => addNoise(renderScene(scene, SIZE), 12),
  "mirrored": (scene) => renderScene(moveScene(scene, { mirrored: true }), SIZE),
  "turned": (scene) => renderScene(frame(scene, 8), SIZE),
  "turned far": (scene) => renderScene(frame(scene, -23), SIZE),
  "mirrored, turned, darkened": (scene) =>
    renderScene(frame(moveScene(scene, { mirrored: true }), 14), SIZE).map((level) => level * 0.7),
  "cropped": (scene) => renderScene(moveScene(scene, { zoom: 1.08, right: 0.03 }), SIZE),
};

Deno.test("hashImage() matches SciPy's DCT", () => {
  // python3 -c "import numpy as np, scipy.fft; y, x, c = np.mgrid[:32, :32, :3]
  //   p = (x*x*3 + y*7*(c+1) + x*y) % 256; g = p @ [.299, .587, .114]
  //   d = np.hypot(x[..., 0]-15.5, y[..., 0]-15.5) <= 15.5; g = np.where(d, g - g[d].mean(), 0)
  //   b = (scipy.fft.dctn(g, type=2)[:8, :8] > 0).ravel(); b[0] = False
  //   print(hex(sum(1 << int((i >> 1) + 32*(i % 2)) for i in range(64) if b[i])))"
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => {
    const c = i % 3, x = Math.floor(i / 3) % 32, y = Math.floor(i / 96);
    return (x * x * 3 + y * 7 * (c + 1) + x * y) % 256;
  });
  assertEquals(hashImage(pixels, 32), 0x3fe83330ef98956n);
});

Deno.test("hashImage() of a mirror image has the bits of odd frequencies inverted", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const scene = makeScene(seed);
    const mirrored = renderScene(moveScene(scene, { mirrored: true }), SIZE);
    const difference = hashImage(renderScene(scene, SIZE), SIZE) ^ hashImage(mirrored, SIZE);
    assertEquals(difference, 0xffffffff00000000n, `seed ${seed}`);
  }
});

Deno.test("groupDuplicates() groups a picture with its near-duplicates, and with no other", () => {
  const scenes = Array.from({ length: 8 }, (_, seed) => makeScene(seed));
  const pictures = scenes.map((scene) => renderScene(scene, SIZE));
  for (const [edit, copy] of Object.entries(COPIES)) {
    const set = makeSet([...pictures, ...scenes.map(copy)]);
    const { groups, exact, near, largestGroup } = groupDuplicates(set);
    const numbers = scenes.map((_, i) => i);
    assertEquals(groups, [...numbers, ...numbers], edit);
    assertEquals([exact.length, near.length, largestGroup], [0, scenes.length, 2], edit);
    assertEquals(
      near.every(({ mirrored }) => mirrored === edit.startsWith("mirrored")),
      true,
      edit,
    );
  }
});

Deno.test("groupDuplicates() leaves 200 different pictures apart", () => {
  const pictures = Array.from({ length: 200 }, (_, seed) => renderScene(makeScene(seed), SIZE));
  const { groups, near, largestGroup } = groupDuplicates(makeSet(pictures));
  assertEquals(new Set(groups).size, 200);
  assertEquals([near.length, largestGroup], [0, 1]);
});

Deno.test("groupDuplicates() leaves pictures apart that are alike but for their details", () => {
  // From afar a picture of smooth light and shade; close by, faint ellipses of its own.
  const pictures = Array.from({ length: 20 }, (_, seed) => {
    const details = makeScene(seed);
    return renderScene((x, y) => {
      const shade = 125 + 60 * Math.sin(2.5 * x + 1) * Math.cos(2 * y) + 30 * Math.sin(4 * y);
      const fine = details(x * 3 % 1, y * 3 % 1)[0] - 120;
      return [shade + fine / 4, shade + fine / 4, shade + fine / 4];
    }, SIZE);
  });
  const set = makeSet(pictures);
  const likenesses = groupDuplicates(set, { minLikeness: 0.01 }).near.map((pair) => pair.likeness);
  assertGreater(likenesses.length, 15); // they get as far as the details
  assertLess(Math.max(...likenesses), 0.5);
  assertEquals(groupDuplicates(set).near, []);
});

Deno.test("groupDuplicates() links all duplicates of one picture, exact or near", () => {
  const scene = makeScene(3);
  const picture = renderScene(scene, SIZE);
  const bright = picture.map((level) => level + 20);
  const other = renderScene(makeScene(4), SIZE);
  const set = makeSet([picture, other, bright, picture, bright, picture]);
  const { groups, exact, near, largestGroup } = groupDuplicates(set);
  assertEquals(groups, [0, 1, 0, 0, 0, 0]);
  assertEquals(exact.toSorted(), [[0, 3], [0, 5], [2, 4]]);
  assertEquals(near.map(({ first, second }) => [first, second]), [[0, 2]]);
  assertEquals(largestGroup, 5);
});

Deno.test("groupDuplicates() lists near-duplicates whose labels differ", () => {
  const scenes = [1, 2, 3].map(makeScene);
  const pictures = scenes.map((scene) => renderScene(scene, SIZE));
  const set = makeSet(
    [...pictures, pictures[0]!, COPIES["mirrored"]!(scenes[1]!), COPIES["turned"]!(scenes[2]!)],
    {
      classNames: [
        "with_mask",
        "with_mask",
        "with_mask",
        "without_mask",
        "without_mask",
        "with_mask",
      ],
    },
  );
  assertEquals(groupDuplicates(set).contradictions, [[0, 3], [1, 4]]);
});

Deno.test("groupDuplicates() groups the faces of one photo, and those of its near-duplicate", () => {
  const faces = [1, 2, 3, 4].map((seed) => renderScene(makeScene(seed), SIZE));
  const copy = COPIES["cropped"]!(makeScene(2));
  const set = makeSet([...faces, copy], { files: ["a", "a", "b", "c", "c"] });
  const { groups, near } = groupDuplicates(set);
  assertEquals(groups, [0, 0, 1, 0, 0]);
  assertEquals(near.map(({ first, second }) => [first, second]), [[1, 4]]);
});

Deno.test("groupDuplicates() links only what its thresholds allow", () => {
  const scene = makeScene(5);
  const set = makeSet([renderScene(scene, SIZE), COPIES["noisy, in blocks too"]!(scene)]);
  const [pair] = groupDuplicates(set).near;
  assert(pair !== undefined);
  assertGreater(pair.likeness, 0.85);
  assertLess(pair.likeness, 1);
  assertEquals(groupDuplicates(set, { minLikeness: pair.likeness }).near.length, 1);
  assertEquals(groupDuplicates(set, { minLikeness: pair.likeness + 1e-9 }).near.length, 0);
  assertEquals(groupDuplicates(set, { maxDistance: pair.distance }).near.length, 1);
});

Deno.test("groupDuplicates() gives the same twice, changes no input, and counts as it goes", () => {
  const pictures = [1, 2, 1, 3].map((seed) => renderScene(makeScene(seed), SIZE));
  const set = makeSet(pictures);
  const before = structuredClone(set);
  const done: string[] = [];
  const onProgress = (p: { done: number; total?: number }) => done.push(`${p.done}/${p.total}`);
  assertEquals(groupDuplicates(set, { onProgress }), groupDuplicates(set));
  assertEquals(set, before);
  assertEquals(done, ["1/3", "2/3", "3/3"]);
});

Deno.test("groupDuplicates() takes an empty set and blank pictures", () => {
  assertEquals(groupDuplicates(makeSet([])).groups, []);
  const blank = [0, 0, 255, 128].map((level) => new Uint8Array(SIZE * SIZE * 3).fill(level));
  assertEquals(groupDuplicates(makeSet(blank)).groups, [0, 0, 1, 2]);
});

Deno.test("groupDuplicates() refuses what does not fit", () => {
  const set = makeSet([renderScene(makeScene(1), SIZE)]);
  for (
    const [images, options, message] of [
      [{ ...set, size: 16 }, {}, "size must be an integer of at least 32, got 16"],
      [{ ...set, size: 65 }, {}, "pixels must be 12675 bytes, got 12288"],
      [set, { maxDistance: -1 }, "maxDistance must be in 0..63, got -1"],
      [set, { minLikeness: NaN }, "minLikeness must be in 0..1, got NaN"],
    ] as const
  ) assertThrows(() => groupDuplicates(images, options), RangeError, message);
  assertThrows(() => hashImage(new Uint8Array(5), 32), RangeError, "pixels must be 3072 bytes");
});
