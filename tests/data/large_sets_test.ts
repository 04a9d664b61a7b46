import { assertEquals, assertLess } from "@std/assert";
import { scanClassFolders } from "../../lib/data/class_folders.ts";
import type { Scan } from "../../lib/data/dataset.ts";
import { keepGivenSplit } from "../../lib/data/given_split.ts";
import { Notes } from "../../lib/data/notes.ts";
import { selectSamples } from "../../lib/data/select_samples.ts";
import { splitDataset } from "../../lib/data/split.ts";
import type { Sample } from "../../lib/types.ts";

/** More than MaskedFace-Net's 133,783, and than V8 takes as arguments of one call. */
const COUNT = 200_000;
const samples: Sample[] = Array.from({ length: COUNT }, (_, i) => ({
  file: `${i}.jpg`,
  className: i % 3 === 0 ? "without_mask" : "with_mask",
  part: i % 10 < 8 ? "train" : i % 10 === 8 ? "validation" : "test",
}));

/** Runs `work` in time that grows with the number of photos, not with its square: that takes hours. */
async function withinAMinute(work: () => unknown): Promise<void> {
  const start = performance.now();
  await work();
  assertLess(performance.now() - start, 60_000);
}

Deno.test("scanClassFolders() lists 200,000 photos of one folder", async () => {
  const folder = await Deno.makeTempDir({ prefix: "face-mask-test-" });
  const files = samples.map(({ file }) => file);
  const scan: Scan = { photos: [], unreadable: [], notes: new Notes() };
  await withinAMinute(() =>
    scanClassFolders([folder], () => Promise.resolve({ files, folders: [] }), scan)
  );
  assertEquals(scan.photos.length, COUNT);
  await Deno.remove(folder);
});

Deno.test("selectSamples() and splitDataset() take 200,000 samples, alone and in groups", async () => {
  await withinAMinute(() => {
    assertEquals(selectSamples(samples).samples.length, COUNT);
    for (const groups of [undefined, samples.map((_, i) => Math.floor(i / 7))]) {
      const { train, validation, test } = splitDataset(samples, { groups });
      assertEquals(train.length + validation.length + test.length, COUNT);
      assertLess(Math.abs(test.length - 0.15 * COUNT), 10);
    }
  });
});

Deno.test("keepGivenSplit() takes 200,000 samples", async () => {
  await withinAMinute(() => {
    const { split } = keepGivenSplit(samples, { groups: samples.map((_, i) => i), seed: 1 })!;
    assertEquals(split.train.length, 0.8 * COUNT);
  });
});
