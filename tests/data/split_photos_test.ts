import { assert, assertEquals } from "@std/assert";
import { groupDuplicates } from "../../lib/data/duplicates.ts";
import { splitPhotos } from "../../lib/data/split_photos.ts";
import type { ImageSet } from "../../lib/types.ts";
import { makeImageSet } from "../fixtures/photos.ts";

const PARTS = ["train", "validation", "test"] as const;

/** The set with each third photo shown once more as a difficult one, and where the others went. */
function addDifficult(images: ImageSet): { images: ImageSet; places: number[] } {
  const length = images.size ** 2 * 3;
  const samples: ImageSet["samples"] = [], pixels: Uint8Array[] = [], places: number[] = [];
  images.samples.forEach((sample, i) => {
    const own = images.pixels.subarray(i * length, (i + 1) * length);
    if (i % 3 === 0) {
      samples.push({ ...sample, className: "mask_weared_incorrect", isDifficult: true });
      pixels.push(own);
    }
    places.push(samples.length);
    samples.push(sample);
    pixels.push(own);
  });
  return {
    images: { ...images, samples, pixels: Uint8Array.from(pixels.flatMap((it) => [...it])) },
    places,
  };
}

for (
  const [criterion, sourceOf] of [
    ["of one source", () => 0],
    ["of each of two sources", (i: number, n: number) => Number(i >= n / 2)],
  ] as const
) {
  Deno.test(`splitPhotos() splits the photos ${criterion} as if difficult faces were not there`, () => {
    const split = (images: ImageSet, indices: number[], sources: number[]) =>
      splitPhotos(images, { indices, sources, findDuplicates: () => groupDuplicates(images) });
    const plain = makeImageSet(60);
    const every = [...plain.samples.keys()];
    const expected = split(plain, every, every.map((i) => sourceOf(i, 60)));
    const { images, places } = addDifficult(plain);
    const sources: number[] = [];
    places.forEach((place, i) => {
      while (sources.length <= place) sources.push(sourceOf(i, 60));
    });
    const parts = split(images, places, sources);
    for (const part of PARTS) {
      assert(expected[part].length > 0);
      assertEquals(parts[part], expected[part].map((i) => places[i]!), part);
    }
  });
}
