import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { loadDetector } from "../../lib/detection/detector.ts";
import { evaluateDetections } from "../../lib/evaluation/detection_metrics.ts";
import { judgePhotos } from "../../lib/evaluation/judge_photos.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { PREPROCESSING } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";
import { GROUP, toBoxes } from "../fixtures/group_photos.ts";

/** The faces of the three people on it, by hand. */
const FACES = toBoxes([[400, 400, 200, 210], [815, 440, 220, 240], [1455, 240, 225, 240]]);

Deno.test("judgePhotos() judges all labelled photos, also without a face or unreadable", async () => {
  const detector = await loadDetector();
  const classifier = {
    model: buildCnn({ classes: 3, size: 32, seed: 1 }),
    info: {
      classes: CLASSES["three-class"],
      size: 32,
      preprocessing: PREPROCESSING,
      trainedOn: "nothing",
    },
  };
  await withFolder(async (folder) => {
    const [wall, broken] = [join(folder, "wall.png"), join(folder, "broken.png")];
    await sharp({ create: { width: 200, height: 100, channels: 3, background: "#a98" } }).toFile(
      wall,
    );
    await Deno.writeTextFile(broken, "no photo");
    const samples = FACES.map((box) => ({ file: GROUP, className: "without_mask" as const, box }));
    const set = { photos: [GROUP, wall, broken], samples };
    const { judged, unreadable } = await judgePhotos(detector, classifier, set);
    assertEquals(judged.map(({ truths }) => truths.length), [3, 0]);
    assertEquals(unreadable.map(({ file }) => file), [broken]);
    const { detector: alone, countErrors } = evaluateDetections(judged, { minScore: 0.3 });
    assertEquals([alone.averagePrecision, alone.recall, alone.precision], [1, 1, 1]);
    assertEquals(countErrors.faces, 0);
    await assertRejects(
      () =>
        judgePhotos(detector, classifier, {
          ...set,
          samples: [{ file: wall, className: "with_mask" }],
        }),
      RangeError,
      "boxes",
    );
  });
  detector.dispose();
  assert(classifier.model.weights.every((weight) => !weight.read().isDisposed));
});
