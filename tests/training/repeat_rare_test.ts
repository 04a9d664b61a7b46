import { assertEquals, assertThrows } from "@std/assert";
import { repeatRare } from "../../lib/training/repeat_rare.ts";
import { CLASSES, type ClassName, type Sample } from "../../lib/types.ts";

/** So many samples of each class. */
const makeSamples = (counts: readonly number[]): Sample[] =>
  CLASSES["three-class"].flatMap((className, label) =>
    Array.from({ length: counts[label]! }, (_, i) => ({ file: `${className}${i}.jpg`, className }))
  );

function countEach(samples: readonly Sample[], indices: readonly number[]): number[] {
  const count = (name: ClassName) =>
    indices.filter((index) => samples[index]!.className === name).length;
  return CLASSES["three-class"].map(count);
}

for (
  const [criterion, counts, options, expected] of [
    ["repeats no class that has its share", [50, 40, 10], {}, [50, 40, 10]],
    ["repeats a rarer class until it has its share", [50, 46, 4], {}, [50, 46, 12]],
    ["shows no photo more often than wanted", [60, 39, 1], {}, [60, 39, 6]],
    ["takes another limit", [60, 39, 1], { most: 2 }, [60, 39, 2]],
    ["repeats each class for itself", [80, 15, 5], { share: 0.2 }, [80, 30, 20]],
    ["repeats nothing for a share of 0", [98, 1, 1], { share: 0 }, [98, 1, 1]],
    ["takes a set without one of the classes", [10, 10, 0], {}, [10, 10, 0]],
  ] as [string, number[], object, number[]][]
) {
  Deno.test(`repeatRare() ${criterion}`, () => {
    const samples = makeSamples(counts);
    const { indices, times: said } = repeatRare({ samples }, [...samples.keys()], options);
    assertEquals(countEach(samples, indices), expected);
    // Each photo of a class is there as often as the others.
    for (const [index, all] of Map.groupBy(indices, (index) => index)) {
      const { className } = samples[index]!;
      const label = CLASSES["three-class"].indexOf(className);
      assertEquals(all.length, expected[label]! / counts[label]!);
      assertEquals(all.length, said.get(className));
    }
  });
}

Deno.test("repeatRare() counts and repeats the training part alone", () => {
  const samples = makeSamples([10, 10, 10]);
  const train = [...Array(20).keys(), 25];
  assertEquals(countEach(samples, repeatRare({ samples }, train).indices), [10, 10, 3]);
});

Deno.test("repeatRare() refuses options out of their range", () => {
  for (const share of [-0.1, 1.1, NaN]) {
    assertThrows(
      () => repeatRare({ samples: [] }, [], { share }),
      RangeError,
      `share must be in 0..1, got ${share}`,
    );
  }
  for (const most of [0, 1.5, NaN]) {
    assertThrows(
      () => repeatRare({ samples: [] }, [], { most }),
      RangeError,
      `most must be a positive integer, got ${most}`,
    );
  }
});
