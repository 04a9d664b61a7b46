import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { findFaces, loadDetector } from "../../lib/detection/detector.ts";
import { boxIou } from "../../lib/boxes.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { decodePhoto } from "../../lib/images/decode_image.ts";
import { saveSecondLook, trainSecondLook } from "../../lib/training/train_detector.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";
import { GROUP, toBoxes } from "../fixtures/group_photos.ts";

/** The faces of the three people on it, drawn narrower and further up than any detector would. */
const BOXES = toBoxes([[425, 370, 150, 190], [845, 400, 160, 210], [1490, 200, 160, 210]]);
const OPTIONS = { sizes: [512], hidden: 8, batchSize: 32, seed: 3 };

const detector = await loadDetector({ secondLook: false });

Deno.test("trainSecondLook() learns where people draw their boxes", async () => {
  const photo = await decodePhoto(GROUP);
  const fit = async (detector: Awaited<ReturnType<typeof loadDetector>>) => {
    const faces = await findFaces(detector, photo, { sizes: [512] });
    assertEquals(faces.length, 3);
    return BOXES.map((box) => Math.max(...faces.map((face) => boxIou(box, face))));
  };
  const before = await fit(detector);
  await withFolder(async (folder) => {
    await assertNoLeak(async () => {
      const photos = [{ file: GROUP, boxes: BOXES }];
      const weights = await trainSecondLook(detector, photos, { ...OPTIONS, epochs: 80 });
      await saveSecondLook(weights, folder);
      tf.dispose(weights);
      const taught = await loadDetector({ secondLook: folder });
      const after = await fit(taught);
      for (const [i, iou] of after.entries()) {
        assert(iou > 0.8 && iou > before[i]! + 0.05, `${before[i]} to ${iou}`);
      }
      await assertRejects(() => trainSecondLook(taught, photos), RangeError, "already");
      taught.dispose();
    });
  });
});

Deno.test("trainSecondLook() gives the same weights for the same seed, others for another", async () => {
  const train = async (seed: number) => {
    const photos = [{ file: GROUP, boxes: BOXES }];
    const weights = await trainSecondLook(detector, photos, { ...OPTIONS, epochs: 2, seed });
    const values = Object.values(weights).flatMap((weight) => [...weight.dataSync()]);
    tf.dispose(weights);
    return values;
  };
  const first = await train(3);
  assert(first.every(Number.isFinite));
  assertEquals(await train(3), first);
  assert((await train(4)).some((value, i) => value !== first[i]));
});

Deno.test("loadDetector() refuses a second look that is missing or damaged", async () => {
  await withFolder(async (folder) => {
    await assertRejects(
      () => loadDetector({ secondLook: folder }),
      Deno.errors.InvalidData,
      folder,
    );
    await Deno.writeTextFile(join(folder, "weights_manifest.json"), "[{}]");
    await assertRejects(
      () => loadDetector({ secondLook: folder }),
      Deno.errors.InvalidData,
      "damaged",
    );
  });
});
