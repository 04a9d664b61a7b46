import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Tensor4D } from "@tensorflow/tfjs-node";
import { augmentBatch } from "../lib/augment.ts";
import { tf } from "../lib/engine.ts";
import { seededRandom } from "../lib/random.ts";
import { assertNoLeak } from "./fixtures.ts";

/** Photos whose red grows to the right and green downwards, from 0 to 1. */
const ramps = (n: number) =>
  tf.tidy(() => {
    const ramp = tf.linspace(0, 1, 16);
    const red = tf.tile(tf.reshape(ramp, [1, 1, 16]), [n, 16, 1]);
    const green = tf.tile(tf.reshape(ramp, [1, 16, 1]), [n, 1, 16]);
    return tf.stack([red, green, tf.ones([n, 16, 16])], 3) as Tensor4D;
  });

Deno.test("augmentBatch() cuts parts of at least the smallest size, some of them mirrored", async () => {
  await assertNoLeak(() => {
    const x = ramps(200);
    const y = augmentBatch(x, seededRandom(1), { smallest: 0.7 });
    assertEquals([y.shape, y.dtype], [x.shape, "float32"]);
    const rows = y.arraySync();
    let mirrored = 0;
    for (const photo of rows) {
      const [first, last] = [photo[0]![0]!, photo[15]![15]!];
      const [width, height] = [last[0]! - first[0]!, last[1]! - first[1]!];
      mirrored += Number(width < 0);
      assert(height > 0.699 && height < 1.001, `a part of ${height}`);
      assert(Math.abs(Math.abs(width) - height) < 1e-3, "parts are square");
      assert(photo.flat().every(([, , blue]) => blue === 1), "no part lies outside the photo");
    }
    assert(mirrored > 70 && mirrored < 130, `${mirrored} of 200 mirrored`);
    tf.dispose([x, y]);
  });
});

Deno.test("augmentBatch() repeats itself for a seed, and differs for another", async () => {
  await assertNoLeak(() => {
    const x = ramps(3);
    const values = (seed: number) => tf.tidy(() => augmentBatch(x, seededRandom(seed)).dataSync());
    assertEquals(values(1), values(1));
    assert(values(1).some((value, i) => value !== values(2)[i]));
    x.dispose();
  });
});

Deno.test("augmentBatch() refuses parts that are no parts", () => {
  const x = ramps(1);
  for (const smallest of [0, -1, 1.1, NaN]) {
    assertThrows(() => augmentBatch(x, seededRandom(1), { smallest }), RangeError, "smallest");
  }
  x.dispose();
});
