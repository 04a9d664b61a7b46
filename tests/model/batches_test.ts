import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { chunk, epochBatches, makeBatch, scaleImages, toLabels } from "../../lib/model/batches.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet } from "../fixtures/photos.ts";

const images = makeImageSet(6, 4);

Deno.test("scaleImages() gives floats in 0..1, in the order asked for", async () => {
  await assertNoLeak(() => {
    for (const indices of [[3, 0], [2, 3, 4], [0, 1, 2, 3, 4, 5], [5], [1, 1], [3, 2], []]) {
      const x = scaleImages(images, indices);
      assertEquals([x.shape, x.dtype], [[indices.length, 4, 4, 3], "float32"]);
      const expected = indices.flatMap((index) =>
        Array.from(images.pixels.slice(index * 48, (index + 1) * 48), (level) => level / 255)
      );
      x.dataSync().forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-7));
      x.dispose();
    }
  });
  for (const indices of [[6], [5, 6], [-1, 0], [0.5]]) {
    assertThrows(() => scaleImages(images, indices), RangeError, "index must be in 0..5, got");
  }
});

Deno.test("makeBatch() labels two classes by one column, three by three", async () => {
  await assertNoLeak(() => {
    const two = makeBatch(images, [0, 1, 3], CLASSES.binary);
    assertEquals(two.y.arraySync(), [[0], [1], [1]]);
    const three = makeBatch(images, [0, 1], CLASSES["three-class"]);
    assertEquals(three.y.arraySync(), [[1, 0, 0], [0, 1, 0]]);
    tf.dispose([two.x, two.y, three.x, three.y]);
  });
});

Deno.test("toLabels() names the file of a class that the task does not have", () => {
  const strange = {
    ...images,
    samples: [{ file: "x.jpg", className: "mask_weared_incorrect" as const }],
  };
  assertThrows(() => toLabels(strange, [0], CLASSES.binary), RangeError, "x.jpg");
});

Deno.test("epochBatches() deals every index once, differently each epoch, the same for a seed", () => {
  const indices = Array.from({ length: 50 }, (_, i) => i + 100);
  const first = epochBatches(indices, { batchSize: 16, seed: 1, epoch: 1 });
  assertEquals(first.map((batch) => batch.length), [16, 16, 16, 2]);
  assertEquals(first.flat().toSorted(), indices);
  assertEquals(epochBatches(indices, { batchSize: 16, seed: 1, epoch: 1 }), first);
  for (const other of [{ seed: 1, epoch: 2 }, { seed: 2, epoch: 1 }]) {
    assertEquals(
      epochBatches(indices, { batchSize: 16, ...other }).flat().join() === first.flat().join(),
      false,
    );
  }
});

Deno.test("chunk() refuses sizes that are no positive integers", () => {
  assertEquals(chunk([], 3), []);
  for (const size of [0, -1, 1.5, NaN]) {
    assertThrows(() => chunk([1], size), RangeError, "batchSize");
  }
});
