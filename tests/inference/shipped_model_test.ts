import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { loadDetector } from "../../lib/detection/detector.ts";
import { detectFiles } from "../../lib/inference/predict_files.ts";
import { loadClassifier } from "../../lib/model/saved_model.ts";
import { groupPhoto } from "../fixtures/group_photos.ts";

const MODELS = join(import.meta.dirname!, "../../models");
/** How many people each photo shows, all without a mask; some stand in coloured light. */
const GROUPS = {
  "sample1.jpg": 3,
  "sample2.jpg": 3,
  "sample3.jpg": 3,
  "sample4.jpg": 4,
  "sample5.jpg": 5,
  "sample6.jpg": 4,
};

Deno.test("the model that ships says of each bare face in six group photos that it is bare", async () => {
  const [classifier, detector] = [
    await loadClassifier(join(MODELS, "face-mask")),
    await loadDetector(),
  ];
  const files = Object.keys(GROUPS).map((name) => ({ file: groupPhoto(name) }));
  const results = await Array.fromAsync(detectFiles(detector, classifier, files));
  const said = results.map((result) =>
    "faces" in result ? result.faces.map(({ label }) => label) : result
  );
  assertEquals(said, Object.values(GROUPS).map((count) => new Array(count).fill("without_mask")));
  classifier.model.dispose();
  detector.dispose();
});
