/** What several tests need: small sets of pictures made by code, and a check for leaked tensors. */
import { assertEquals } from "@std/assert";
import { tf } from "../lib/engine/tensorflow.ts";
import { seededRandom } from "../lib/random.ts";
import { CLASSES, type ImageSet } from "../lib/types.ts";

/** Noise with a bright lower half for `with_mask`, a dark one for `without_mask`: easy to learn. */
export function makeImageSet(count: number, size = 32, seed = 1): ImageSet {
  const random = seededRandom(seed);
  const length = size * size * 3;
  const pixels = new Uint8Array(count * length);
  const samples = Array.from({ length: count }, (_, i) => ({
    file: `${i}.jpg`,
    className: CLASSES.binary[i % 2]!,
  }));
  for (let i = 0; i < pixels.length; i++) {
    const [image, isLower] = [Math.floor(i / length), i % length >= length / 2];
    pixels[i] = random() * 128 + (isLower && image % 2 === 1 ? 127 : 0);
  }
  return { size, pixels, samples, unreadable: [] };
}

/** Runs `work` and fails if it leaves more or fewer tensors than there were. */
export async function assertNoLeak(work: () => unknown): Promise<void> {
  const before = tf.memory().numTensors;
  await work();
  assertEquals(tf.memory().numTensors, before, "the number of tensors changed");
}

/**
 * Fails if native memory (resident, without JavaScript's heap) grows by `most` MB or more each time that
 * `work` runs. Test files that run beside this one share its process: one calm run of five is enough.
 */
export async function assertFlatMemory(most: number, work: () => Promise<void>): Promise<void> {
  const measure = () => {
    const { rss, heapTotal } = Deno.memoryUsage();
    return (rss - heapTotal) / 2 ** 20;
  };
  const grown: number[] = [];
  for (let run = 0; run < 5; run++) {
    const before = measure();
    await work();
    grown.push(measure() - before);
    if (grown.at(-1)! < most) return;
  }
  throw new Error(`native memory grew by ${grown.join(", ")} MB`);
}

/** Runs `work` with a new temporary folder, and removes it. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "face-mask-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
