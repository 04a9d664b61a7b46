import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import type { Tensor4D } from "@tensorflow/tfjs-node";
import sharp from "sharp";
import { AUGMENTATION, augmentBatch, type AugmentOptions } from "../../lib/training/augment.ts";
import { recolour } from "../../lib/training/augment/colour.ts";
import { LUMA } from "../../lib/photo.ts";
import { coverByHeads } from "../../lib/training/augment/cover_by_heads.ts";
import { cutOut } from "../../lib/training/augment/cut_out.ts";
import { compress } from "../../lib/training/augment/jpeg.ts";
import { relight } from "../../lib/training/augment/light.ts";
import { blur, onSome } from "../../lib/training/augment/some.ts";
import { warp } from "../../lib/training/augment/warp.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { readImage } from "../../lib/images/decode_image.ts";
import { seededRandom } from "../../lib/random.ts";
import { assertNoLeak } from "../fixtures/photos.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const NONE = { mirror: 0, rotation: 0, zoom: 0, shift: 0 };
const NOTHING = { ...NONE, colour: 0, blur: 0, jpeg: 0, cutOut: 0, lying: 0, heads: 0, light: 0 };

/** The options that say how many photos of a batch are changed, beside `mirror`. */
const SHARES = ["blur", "jpeg", "cutOut", "lying", "heads", "light"];

/** A test whose tensors are disposed at its end. */
function inTest(name: string, run: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    tf.engine().startScope();
    try {
      await run();
    } finally {
      tf.engine().endScope();
    }
  });
}

const noise = (shape: [number, number, number, number], seed = 1) =>
  tf.randomUniform(shape, 0, 1, "float32", seed) as Tensor4D;

/** Red tells the column and green the row, both as a share of 100; blue is 1. */
const ramps = (height: number, width: number, n = 1) =>
  tf.tidy(() => {
    const columns = tf.tile(tf.reshape(tf.range(0, width), [1, 1, width]), [n, height, 1]);
    const rows = tf.tile(tf.reshape(tf.range(0, height), [1, height, 1]), [n, 1, width]);
    return tf.stack([tf.div(columns, 100), tf.div(rows, 100), tf.ones([n, height, width])], 3);
  }) as Tensor4D;

function assertClose(actual: Tensor4D, expected: Tensor4D, tolerance: number): void {
  assertEquals(actual.shape, expected.shape);
  const difference = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!;
  assert(difference <= tolerance, `they differ by ${difference}`);
}

inTest(
  "warp() changes nothing if all is 0, mirrors exactly, and is exact for quarter turns",
  () => {
    const x = noise([3, 12, 12, 3]);
    assertClose(warp(x, seededRandom(1), NONE), x, 0);
    assertClose(warp(x, seededRandom(1), { ...NONE, mirror: 1 }), tf.reverse(x, 2), 0);
    const turned = tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 1) as Tensor4D;
    const turnedBack = tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 2) as Tensor4D;
    assertClose(warp(x, () => 0, { ...NONE, rotation: 90 }), turnedBack, 1e-5);
    assertClose(warp(x, () => 1, { ...NONE, rotation: 90 }), turned, 1e-5);
  },
);

// All random numbers are the same, so the one option that is not 0 is at that place of its range.
for (
  const [name, options, random, map] of [
    ["shift", { shift: 0.1 }, 1, (x: number, y: number) => [x + 3, y + 2]],
    ["shift back", { shift: 0.1 }, 0.25, (x: number, y: number) => [x - 1.5, y - 1]],
    ["larger", { zoom: 0.3 }, 1, (x: number, y: number) => [0.7 * x, 0.7 * 0.9 * y]],
    ["smaller", { zoom: 0.3 }, 0, (x: number, y: number) => [x / 0.7, y / 0.7 / 0.9]],
    ["turned", { rotation: 30 }, 1, (x: number, y: number) => turn(x, y, 30)],
    ["turned a little", { rotation: 30 }, 0.4, (x: number, y: number) => turn(x, y, -6)],
    ["mirrored and turned", { mirror: 1, rotation: 30 }, 0.9, (x: number, y: number) => {
      const [right, down] = turn(x, y, 24) as [number, number];
      return [-right, down];
    }],
    ["turned and larger", { rotation: 30, zoom: 0.3 }, 1, (x: number, y: number) => {
      const [right, down] = turn(x, y, 30) as [number, number];
      return [0.7 * right, 0.7 * 0.9 * down];
    }],
    ["mirrored and moved", { mirror: 1, shift: 0.1 }, 0.75, (x: number, y: number) => [
      1.5 - x,
      y + 1,
    ]],
  ] as [string, AugmentOptions, number, (x: number, y: number) => number[]][]
) {
  inTest(`warp() takes each place from where the map says: ${name}`, () => {
    const [height, width] = [20, 30];
    const y = warp(ramps(height, width), () => random, { ...NONE, ...options });
    const [midX, midY] = [(width - 1) / 2, (height - 1) / 2];
    let inside = 0;
    y.arraySync()[0]!.forEach((pixels, row) =>
      pixels.forEach(([red, green, blue], column) => {
        assertAlmostEquals(blue!, 1, 1e-5, "a place outside is filled from inside");
        const [right, down] = map(column - midX, row - midY) as [number, number];
        if (Math.abs(right) > midX || Math.abs(down) > midY) return;
        inside++;
        assertAlmostEquals(100 * red!, midX + right, 1e-3);
        assertAlmostEquals(100 * green!, midY + down, 1e-3);
      })
    );
    assert(inside > 200, `${inside} places compared`);
  });
}

function turn(x: number, y: number, degrees: number): number[] {
  const [cos, sin] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
  return [cos * x - sin * y, sin * x + cos * y];
}

inTest("warp() mirrors the given share, and stays within the ranges", () => {
  const x = ramps(16, 16, 400);
  const y = warp(x, seededRandom(3), { mirror: 0.25, rotation: 0, zoom: 0.2, shift: 0 });
  const mirrored = y.arraySync().filter((photo) => photo[8]![6]![0]! > photo[8]![9]![0]!);
  // Standard deviation of 400 throws: 2.2%.
  assertAlmostEquals(mirrored.length / 400, 0.25, 0.08);
  for (const photo of y.arraySync()) {
    const size = Math.abs(photo[8]![9]![0]! - photo[8]![6]![0]!) * 100 / 3;
    assert(size > 0.799 && size < 1.251, `size ${size}`);
  }
});

inTest("recolour() gives what its formula says, within 0..1", () => {
  const x = noise([2, 6, 5, 3]);
  assert(recolour(x, seededRandom(1), 0) === x);
  assertClose(recolour(x, () => 0.5, 1), x, 1e-6);
  const strength = 0.4;
  for (const random of [0.2, 0.7, 1]) {
    const factor = (most: number) => Math.exp(most * strength * (2 * random - 1));
    const grey = tf.sum(tf.mul(x, [...LUMA]), 3, true);
    const saturated = tf.add(grey, tf.mul(tf.sub(x, grey), factor(1.2)));
    const contrast = factor(0.8);
    const gain = contrast * factor(0.8) * factor(0.3);
    const expected = tf.add(tf.mul(saturated, gain), (1 - contrast) / 2);
    const clipped = tf.clipByValue(expected, 0, 1) as Tensor4D;
    assertClose(recolour(x, () => random, strength), clipped, 1e-5);
  }
  // The lowest numbers make a photo grey.
  const [red, green, blue] = tf.split(recolour(x, () => 0.01, strength), 3, 3) as Tensor4D[];
  assertClose(red!, green!, 1e-6);
  assertClose(red!, blue!, 1e-6);
  const wild = recolour(noise([50, 4, 4, 3]), seededRandom(1), 1);
  assertEquals([tf.min(wild).dataSync()[0], tf.max(wild).dataSync()[0]], [0, 1]);
});

inTest("onSome() changes its share, keeps the order, and leaves the others as they are", () => {
  const x = noise([300, 2, 2, 3]);
  const before = x.arraySync();
  const y = onSome(x, seededRandom(1), 0.3, (some) => tf.neg(some)).arraySync();
  const changed = y.filter((photo, i) => {
    const isChanged = photo[0]![0]![0]! < 0;
    const expected = isChanged ? photo.map((row) => row.map((it) => it.map((z) => -z))) : photo;
    assertEquals(expected, before[i]);
    return isChanged;
  });
  assertAlmostEquals(changed.length / 300, 0.3, 0.1); // standard deviation 2.6%
  assertClose(
    onSome(x, seededRandom(1), 0, () => {
      throw new Error("called");
    }),
    x,
    0,
  );
  assertClose(onSome(x, seededRandom(1), 1, (some) => tf.neg(some)), tf.neg(x), 0);
});

inTest("blur() lowers the detail and keeps the mean", () => {
  const x = noise([8, 32, 24, 3]);
  const y = blur(x, seededRandom(1));
  assertEquals(y.shape, x.shape);
  const detail = (photos: Tensor4D) => {
    const [left, right] = [0, 1].map((from) =>
      tf.slice(photos, [0, 0, from, 0], [-1, -1, 23, -1])
    ) as [Tensor4D, Tensor4D];
    return tf.mean(tf.abs(tf.sub(left, right)), [1, 2, 3]).dataSync();
  };
  const means = (photos: Tensor4D) => tf.mean(photos, [1, 2, 3]).dataSync();
  const [before, after] = [detail(x), detail(y)];
  const [meansBefore, meansAfter] = [means(x), means(y)];
  for (let photo = 0; photo < 8; photo++) {
    assertLess(after[photo]!, 0.6 * before[photo]!);
    assertAlmostEquals(meansAfter[photo]!, meansBefore[photo]!, 0.02);
  }
  // The more a photo is reduced, the less detail is left.
  const [strong, weak] = [detail(blur(x, () => 0)), detail(blur(x, () => 1))];
  strong.forEach((value, photo) => assertLess(value, 0.5 * weak[photo]!));
  // Stripes as fine as pixels become their mean, not stripes of another width.
  const stripes = tf.tile(tf.tensor4d([0, 1], [1, 1, 2, 1]), [1, 32, 16, 3]) as Tensor4D;
  assertClose(blur(stripes, () => 0), tf.fill(stripes.shape, 0.5), 0.15);
  const plain = tf.fill([1, 9, 7, 3], 0.4) as Tensor4D;
  assertClose(blur(plain, () => 0), plain, 1e-6);
});

inTest("compress() loses what a JPEG encoder loses at the same quality", async () => {
  for (const size of [64, 60]) {
    const pixels = await readImage(GROUP, { size });
    const photo = tf.div(tf.tensor4d(pixels, [1, size, size, 3], "float32"), 255) as Tensor4D;
    for (const quality of [25, 50, 70]) {
      const ours = tf.mul(compress(photo, () => (quality - 15) / 65), 255).dataSync();
      const jpeg = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
        .jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
      const theirs = await sharp(jpeg).raw().toBuffer();
      // The blocks at the end of 60 pixels are filled up in different ways.
      const whole = pixels.keys().toArray().filter((at) =>
        at < 56 * size * 3 && at % (size * 3) < 56 * 3
      );
      const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Math.sqrt(whole.reduce((sum, at) => sum + (a[at]! - b[at]!) ** 2, 0) / whole.length);
      const loss = distance(theirs, pixels);
      assertAlmostEquals(distance(ours, pixels), loss, 0.02 * loss);
      assertLess(distance(ours, theirs), 0.4 * loss); // theirs works in whole numbers throughout
    }
  }
});

inTest("cutOut() hides a rectangle of one colour in the given share", () => {
  const [n, side, share] = [400, 32, 0.4];
  const x = tf.fill([n, side, side, 3], 2) as Tensor4D; // no colour of a rectangle
  assert(cutOut(x, seededRandom(1), 0) === x);
  const shown = cutOut(x, seededRandom(1), share).arraySync();
  let hidden = 0;
  for (const photo of shown) {
    const places = photo.flatMap((pixels, row) =>
      pixels.flatMap(([red], column) => red === 2 ? [] : [[row, column] as const])
    );
    if (places.length === 0) continue;
    hidden++;
    const [rows, columns] = [0, 1].map((axis) => new Set(places.map((place) => place[axis]!)).size);
    assertEquals(places.length, rows! * columns!);
    for (const length of [rows!, columns!]) {
      assert(length >= Math.floor(0.08 * side) && length <= Math.ceil(0.35 * side), `${length}`);
    }
    const colours = new Set(places.map(([row, column]) => photo[row]![column]!.join()));
    assertEquals(colours.size, 1);
  }
  assertAlmostEquals(hidden / n, share, 0.1); // standard deviation 2.4%
});

inTest("warp() turns the given share by up to 105 degrees, and the others as before", () => {
  const [n, share] = [400, 0.3];
  const y = warp(ramps(24, 24, n), seededRandom(1), { ...NONE, lying: share }).arraySync();
  const angles = y.map((photo) => {
    const [left, right] = [photo[11]![10]!, photo[11]![13]!];
    return Math.atan2(right[1]! - left[1]!, right[0]! - left[0]!) * 180 / Math.PI;
  });
  const turned = angles.filter((angle) => Math.abs(angle) > 0.1);
  assertAlmostEquals(turned.length / n, share, 0.08); // standard deviation 2.3%
  assert(turned.every((angle) => Math.abs(angle) < 105.1));
  // Of angles spread evenly over 0 to 105 degrees, two in three are over 35.
  const far = turned.filter((angle) => Math.abs(angle) > 35).length;
  assertAlmostEquals(far / turned.length, 2 / 3, 0.15); // standard deviation 4.3%
});

inTest("coverByHeads() covers an ellipse at an edge by the next photo, in the given share", () => {
  const [n, side, share] = [300, 32, 0.4];
  // Each photo has one level of its own.
  const levels = tf.reshape(tf.div(tf.range(0, n), n), [n, 1, 1, 1]);
  const x = tf.tile(levels, [1, side, side, 3]) as Tensor4D;
  assert(coverByHeads(x, seededRandom(1), 0) === x);
  assert(coverByHeads(tf.slice(x, 0, 1), seededRandom(1), 1).shape[0] === 1, "no other photo");
  const y = coverByHeads(x, seededRandom(1), share).arraySync();
  let covered = 0, fromBelow = 0;
  y.forEach((photo, i) => {
    const hidden = photo.flatMap((row, down) =>
      row.flatMap(([red], across) => Math.abs(red! - i / n) > 1e-6 ? [{ red, down, across }] : [])
    );
    if (hidden.length === 0) return;
    covered++;
    for (const { red } of hidden) assertAlmostEquals(red!, (i + 1) % n / n, 1e-5);
    const atEdge = ({ across, down }: typeof hidden[number]) =>
      across === 0 || across === side - 1 || down === side - 1;
    assert(hidden.some(atEdge), `photo ${i}: covered in the middle only`);
    assert(hidden.length < side * side / 2, `photo ${i}: ${hidden.length} pixels are covered`);
    const isCentre = ({ down, across }: typeof hidden[number]) =>
      across >= 13 && across < 19 && down < 19;
    assert(!hidden.some(isCentre), `photo ${i}: eyes and nose stay free`);
    fromBelow += Number(hidden.some(({ down }) => down === side - 1));
  });
  assertAlmostEquals(covered / n, share, 0.1); // standard deviation 2.8%
  assert(fromBelow / covered > 0.5);
});

inTest("relight() multiplies each side by a light of its own, one fading into the other", () => {
  const [n, side] = [200, 32];
  const x = tf.fill([n, side, side, 3], 0.5) as Tensor4D;
  const photos = relight(x, seededRandom(1)).arraySync();
  let coloured = 0, shadowed = 0, dark = 0;
  for (const photo of photos) {
    const pixels = photo.flat();
    const spread = ([red, green, blue]: number[]) =>
      Math.max(red!, green!, blue!) - Math.min(red!, green!, blue!);
    coloured += Number(pixels.some((pixel) => spread(pixel) > 0.1));
    const strengths = pixels.map((pixel) => Math.max(...pixel));
    const [least, most] = [Math.min(...strengths), Math.max(...strengths)];
    shadowed += Number(least < most / 2);
    dark += Number(most < 0.1);
    // Along each row the light only grows or only fades.
    for (const row of photo) {
      const reds = row.map(([red]) => red!);
      const steps = reds.slice(1).map((red, i) => Math.sign(Math.round(1e5 * (red - reds[i]!))));
      assert(!(steps.includes(1) && steps.includes(-1)), "one fades into the other");
    }
  }
  assert(coloured > n / 4 && coloured < n, `${coloured} coloured`);
  assert(shadowed > n / 5 && shadowed < n, `${shadowed} with shadow`);
  assert(dark < n / 20, `${dark} too dark`);
});

inTest("relight() keeps black black, and the order of levels under one light", () => {
  const black = tf.zeros([3, 8, 8, 3]) as Tensor4D;
  assertLess(tf.max(relight(black, seededRandom(1))).dataSync()[0]!, 0.02);
  const [darker, brighter] = [0.2, 0.6].map((level) =>
    relight(tf.fill([50, 8, 8, 3], level) as Tensor4D, seededRandom(2))
  ) as [Tensor4D, Tensor4D];
  assert(tf.min(tf.sub(brighter, darker)).dataSync()[0]! >= 0);
});

inTest("augmentBatch() keeps shape, type and range, and leaves its input as it is", () => {
  const x = noise([40, 24, 24, 3]);
  const before = x.dataSync().slice();
  const shares = Object.fromEntries(SHARES.map((name) => [name, 1]));
  const most = { rotation: 180, zoom: 0.9, shift: 1, colour: 1, ...shares };
  for (const options of [{}, most]) {
    const y = augmentBatch(x, seededRandom(1), options);
    assertEquals([y.shape, y.dtype], [x.shape, "float32"]);
    const [least, largest] = [tf.min(y).dataSync()[0]!, tf.max(y).dataSync()[0]!];
    assert(least >= -1e-6 && largest <= 1 + 1e-6, `${least} to ${largest}`);
  }
  assertEquals(x.dataSync(), before);
});

inTest("augmentBatch() changes nothing if all is 0", () => {
  const x = noise([4, 20, 24, 3]);
  assertClose(augmentBatch(x, seededRandom(1), NOTHING), x, 1e-6);
});

inTest("augmentBatch() changes each photo in its own way, by each option alone", () => {
  const one = noise([1, 24, 24, 3]);
  const x = tf.tile(one, [6, 1, 1, 1]) as Tensor4D;
  for (const [name, value] of Object.entries(AUGMENTATION)) {
    const share = SHARES.includes(name) ? 1 : value;
    const y = augmentBatch(x, seededRandom(1), { ...NOTHING, [name]: share }).arraySync();
    const different = new Set(y.map((photo) => JSON.stringify(photo))).size;
    assertEquals(different, name === "mirror" ? 2 : 6, name);
  }
});

Deno.test("augmentBatch() leaves no tensor but its result", async () => {
  const x = noise([4, 20, 24, 3]);
  for (const options of [NOTHING, Object.fromEntries(SHARES.map((name) => [name, 1]))]) {
    await assertNoLeak(() => augmentBatch(x, seededRandom(1), options).dispose());
  }
  x.dispose();
});

inTest("augmentBatch() repeats itself for a seed, and differs for another", () => {
  const x = noise([3, 16, 16, 3]);
  const values = (seed: number) => augmentBatch(x, seededRandom(seed)).dataSync();
  assertEquals(values(1), values(1));
  assert(values(1).some((value, i) => value !== values(2)[i]));
});

inTest("augmentBatch() refuses options out of their range", () => {
  const x = noise([1, 16, 16, 3]);
  for (const name of Object.keys(AUGMENTATION)) {
    const largest = name === "rotation" ? 180 : name === "zoom" ? 0.9 : 1;
    for (const value of [-0.1, largest + 0.01, NaN]) {
      assertThrows(
        () => augmentBatch(x, seededRandom(1), { [name]: value }),
        RangeError,
        `${name} must be in 0..${largest}, got ${value}`,
      );
    }
  }
});
