import { assert } from "@std/assert";
import { join } from "node:path";
import {
  buildCnn,
  evaluateScores,
  loadImages,
  predictImages,
  scanDataset,
  seededRandom,
  splitDataset,
  toLabels,
  trainModel,
} from "../../lib/mod.ts";
import { unpackArchive } from "../../lib/data/archive.ts";
import { shuffle } from "../../lib/random.ts";
import { withFolder } from "../fixtures/photos.ts";

const ARCHIVE = join(import.meta.dirname!, "../../../shared/data/face-mask-dataset.zip");
const isThere = await Deno.stat(ARCHIVE).then(() => true, () => false);

Deno.test({
  name: "a short training on 1,000 real photos reaches 0.85 on the test part",
  ignore: !isThere,
  fn: async () => {
    await withFolder(async (folder) => {
      await unpackArchive(ARCHIVE, join(folder, "photos"));
      const { samples, classes } = await scanDataset(join(folder, "photos"));
      const images = await loadImages(shuffle(samples, seededRandom(1)).slice(0, 1000));
      const { train, validation, test } = splitDataset(images.samples);
      const model = buildCnn();
      await trainModel(model, images, { classes, train, validation, epochs: 10 });
      const scores = await predictImages(model, images, test);
      const { accuracy } = evaluateScores(toLabels(images, test, classes), scores, classes);
      model.dispose();
      assert(accuracy >= 0.85, `accuracy ${accuracy}`);
    });
  },
});
