/** Reads many photos, of any supported format, into one array of pixels. */
import pMap from "npm:p-map@7.1.1";
import sharp from "npm:sharp@0.35.5";
import { Budget } from "../concurrency.ts";
import {
  countPixels,
  decodeWhole,
  readPhoto,
  resizeBox,
  resizeFile,
  type Whole,
} from "./decode.ts";
import { checkSize } from "./decode_image.ts";
import { MAX_PIXELS } from "./file_format.ts";
import { cachePixels, type ReadPixels } from "./image_cache.ts";
import { FACE_MARGIN, type ImageSet, type OnProgress, type Sample } from "../types.ts";

/** Increase this number when the same photo yields different pixels than before. */
const VERSION = 3;
/** Errors that recur until the file changes. */
const LASTING = [Deno.errors.InvalidData, Deno.errors.NotFound, RangeError];
/** Exceptions to these, caused by the machine: messages of libvips, libheif, C++ and V8. */
const SHORTAGE = /out of memory|allocat|bad_alloc|create thread/i;
const AT_ONCE = 2 * navigator.hardwareConcurrency;

/**
 * Reads the photos of the samples, in order. Photos that are decoded at the same time have at most 67 million
 * pixels (200 MB) in total. A photo with several faces is decoded once. Unreadable samples are left out, and
 * `unreadable` lists the reasons, each once per file.
 *
 * @returns pixels as `[samples.length, size, size, 3]` uint8 RGB in 0..255
 * @throws {RangeError} if `size` is not a positive integer
 * @example
 * ```ts
 * import { loadImages } from "./load_images.ts";
 * import sharp from "sharp";
 *
 * const file = await Deno.makeTempFile({ suffix: ".png" });
 * const grey = { width: 4, height: 3, channels: 3, background: "grey" } as const;
 * await sharp({ create: grey }).png().toFile(file);
 * const images = await loadImages([{ file, className: "with_mask" }], { size: 32 });
 * console.log(images.pixels.length, images.unreadable); // 3072 []
 * await Deno.remove(file);
 * ```
 */
export async function loadImages(
  samples: readonly Sample[],
  { size = 128, margin = FACE_MARGIN, cache = false, onProgress }: {
    /** @default 128 */
    size?: number;
    /** Added around a sample's box on each side, as a share of its size. @default 0.15 */
    margin?: number;
    /** A folder that caches the pixels for the next run. @default false */
    cache?: string | false;
    onProgress?: OnProgress;
  } = {},
): Promise<ImageSet> {
  checkSize(size);
  const read = () => readSamples(samples, { size, margin, onProgress });
  const settings = { VERSION, versions: sharp.versions, size, margin };
  const { pixels, failed } = cache
    ? await cachePixels(cache, samples, settings, read)
    : await read();
  const missing = new Set(failed.map(([index]) => index));
  const problems = failed.map(([index, reason]) => ({ file: samples[index]!.file, reason }));
  return {
    size,
    pixels,
    samples: samples.filter((_, index) => !missing.has(index)),
    unreadable: [...new Map(problems.map((it) => [`${it.file}: ${it.reason}`, it])).values()],
  };
}

async function readSamples(
  samples: readonly Sample[],
  { size, margin, onProgress }: { size: number; margin: number; onProgress?: OnProgress },
): Promise<ReadPixels> {
  const length = size * size * 3;
  const pixels = new Uint8Array(samples.length * length);
  const failed = new Map<number, Failure>();
  const files = [...Map.groupBy(samples.keys(), (index) => samples[index]!.file)];
  const square = { width: size, height: size };
  const decoding = new Budget(MAX_PIXELS);
  let done = 0;

  async function readFile(file: string, indices: number[]) {
    try {
      const bytes = await readPhoto(file);
      await decoding.run(await countPixels(bytes), () => readFaces(bytes, indices));
    } catch (error) {
      for (const index of indices) failed.set(index, describeFailure(error as Error));
    }
  }
  async function readFaces(bytes: Uint8Array, indices: number[]) {
    let whole: Promise<Whole> | undefined; // a promise, so that a failed photo is not decoded again
    for (const index of indices) {
      const { box } = samples[index]!;
      try {
        const face = box
          ? resizeBox(await (whole ??= decodeWhole(bytes)), box, margin, square)
          : resizeFile(bytes, size);
        pixels.set(await face, index * length);
      } catch (error) {
        failed.set(index, describeFailure(error as Error));
      }
    }
  }

  await pMap(files, async ([file, indices]) => {
    await readFile(file, indices);
    done += indices.length;
    onProgress?.({ stage: "Reading photos", done, total: samples.length });
  }, { concurrency: AT_ONCE });
  // libvips mixes the messages of all threads: read alone, each photo gets its own message.
  const unclear = files.map(([file, indices]) =>
    [file, indices.filter((index) => failed.get(index)?.isUnclear)] as const
  ).filter(([, indices]) => indices.length > 0);
  for (const [tried, [file, indices]] of unclear.entries()) {
    for (const index of indices) failed.delete(index);
    await readFile(file, indices);
    onProgress?.({
      stage: "Trying unreadable photos again",
      done: tried + 1,
      total: unclear.length,
    });
  }

  const read = samples.keys().filter((index) => !failed.has(index)).toArray();
  read.forEach((from, to) => pixels.copyWithin(to * length, from * length, (from + 1) * length));
  return {
    pixels: pixels.subarray(0, read.length * length),
    failed: [...failed].map(([index, { message }]): [number, string] => [index, message])
      .sort(([a], [b]) => a - b),
    isLasting: failed.values().every(({ isLasting }) => isLasting),
  };
}

/** A compact form of an error: the stacks and causes of many would take much memory. */
interface Failure {
  message: string;
  /** Whether it recurs until the file changes. */
  isLasting: boolean;
  /** Whether the message is from libvips, which may have mixed it up with another photo's. */
  isUnclear: boolean;
}

function describeFailure(error: Error): Failure {
  const { message, cause } = error;
  return {
    message,
    isLasting: LASTING.some((kind) => error instanceof kind) && !SHORTAGE.test(message),
    isUnclear: error instanceof Deno.errors.InvalidData && cause !== undefined,
  };
}
