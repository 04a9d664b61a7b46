/**
 * Feeds mutated files of one kind to what reads them, in a process of its own: a crash, or memory that
 * was taken, is then its own too. Prints a {@linkcode Report} as JSON.
 *
 * Usage: feed.ts jpeg|png|xml|zip COUNT SEED
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import process from "node:process";
import { unpackArchive } from "../../lib/data/archive.ts";
import { readClassName } from "../../lib/data/class_names.ts";
import { decodeText } from "../../lib/data/decode_text.ts";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { parseAnnotation } from "../../lib/data/voc.ts";
import { loadImages } from "../../lib/images/load_images.ts";
import { readPhotoSize } from "../../lib/images/photo_size.ts";
import { decodeImage } from "../../lib/images/decode_image.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Random, Sample } from "../../lib/types.ts";
import { listFiles, withFolder } from "../fixtures/zips.ts";
import { type Bytes, pick } from "./bytes.ts";
import { mutate } from "./mutate.ts";
import { readSeeds } from "./seeds.ts";
import { ESCAPED } from "./zip.ts";

/** What came of it. */
export interface Report {
  accepted: number;
  refused: number;
  /** What no reader may do, a line each: it names the input and what was done to it. */
  faults: string[];
  slowestMs: number;
  /** The process's peak less what it had before the first file. */
  grownBytes: number;
}

/** A reader under test: it is fed one file after the other, and may look back at all of them. */
interface Reader {
  /** The errors that say that a file was refused. */
  refusals: (abstract new (...args: never[]) => Error)[];
  read: (bytes: Bytes, index: number, random: Random) => Promise<void>;
  /** @param refused The reasons by index. */
  finish?: (refused: ReadonlyMap<number, string>) => Promise<void>;
}

/** Larger annotations are refused unread. */
const MAX_XML_BYTES = 2 ** 20;
const LIMIT_MS = 10_000;
const SIZE = 16;
const { InvalidData, NotFound } = Deno.errors;

function checkPixels(pixels: Uint8Array, count = 1): void {
  assertEquals(pixels.length, count * SIZE * SIZE * 3);
}

function readPhotos(folder: string): Reader {
  const samples: Sample[] = [];
  return {
    refusals: [InvalidData, RangeError],
    async read(bytes, index, random) {
      const box = random() < 0.5
        ? { left: 3, top: 2, height: 5, width: pick([4, 50, 100_000], random) }
        : undefined;
      samples[index] = { file: join(folder, String(index)), className: "with_mask", box };
      await Deno.writeFile(samples[index].file, bytes);
      checkPixels(await decodeImage(bytes, { size: SIZE, box }));
    },
    async finish(refused) {
      const images = await loadImages(samples, { size: SIZE, margin: 0 });
      checkPixels(images.pixels, images.samples.length);
      assertEquals(
        images.unreadable,
        [...refused].map(([index, reason]) => ({ file: samples[index]!.file, reason })),
      );
    },
  };
}

async function readAnnotations(folder: string): Promise<Reader> {
  const [images, annotations] = [join(folder, "images"), join(folder, "annotations")];
  for (const path of [images, annotations]) await Deno.mkdir(path);
  const photo = (await readSeeds("png"))[0]!;
  await Deno.writeFile(join(folder, "photo.png"), photo);
  const size = await readPhotoSize(join(folder, "photo.png"));
  let faces = 0;
  return {
    refusals: [SyntaxError],
    async read(bytes, index) {
      bytes = bytes.slice(0, MAX_XML_BYTES);
      const name = String(index).padStart(5, "0");
      const file = join(annotations, `${name}.xml`);
      await Deno.writeFile(file, bytes);
      await Deno.writeFile(join(images, `${name}.jpg`), photo);
      const found = parseAnnotation(decodeText(bytes)).place(size);
      faces += found.faces.filter((it) => readClassName(it.label) && !it.isDifficult).length;
      for (const { box } of found.faces) {
        const { left, top, width, height } = box;
        assert([left, top, width, height].every(Number.isSafeInteger), JSON.stringify(box));
        assert(left >= 0 && top >= 0 && width > 0 && height > 0, JSON.stringify(box));
      }
      [...found.dropped, ...found.notes.map(({ reason }) => reason)].forEach(checkReason);
    },
    async finish(refused) {
      const { samples, unreadable } = await scanDataset(folder, { task: "three-class" });
      assertEquals(samples.length, faces);
      const whole = unreadable.filter(({ reason }) => !reason.startsWith("face "));
      assertEquals(whole.map(({ reason }) => reason), [...refused.values()]);
      const some = samples.slice(0, 2000);
      const read = await loadImages(some, { size: SIZE });
      checkPixels(read.pixels, read.samples.length);
      assert(read.samples.length > 0 && read.unreadable.length > 0);
    },
  };
}

function readZips(folder: string): Reader {
  return {
    refusals: [InvalidData],
    async read(bytes) {
      const [zipFile, target] = [join(folder, "photos.zip"), join(folder, "photos")];
      await Deno.writeFile(zipFile, bytes);
      try {
        await unpackArchive(zipFile, target);
        const others = (await listFiles(folder)).filter((file) => !file.startsWith("photos/"));
        assertEquals(others, ["photos.zip"], "written beside the target");
        await Deno.remove(target, { recursive: true });
      } catch (error) {
        assertEquals(await listFiles(folder), ["photos.zip"], `left behind after ${error}`);
        throw error;
      }
    },
    async finish() {
      const escaped = await Deno.lstat(`/tmp/${ESCAPED}`).catch((error) => error);
      assert(escaped instanceof NotFound, "an archive wrote into /tmp");
    },
  };
}

/** A reason says something, and nothing that a terminal would obey. */
function checkReason(reason: string): void {
  assert(
    reason.length > 10 && !/undefined|\[object|\bNaN\b|\p{Cc}/u.test(reason),
    `a reason that says nothing: ${JSON.stringify(reason)}`,
  );
}

async function feed(kind: string, count: number, seed: number, reader: Reader): Promise<Report> {
  const seeds = await readSeeds(kind);
  const faults: string[] = [], refused = new Map<number, string>();
  const peak = () => process.resourceUsage().maxRSS * 1024;
  const start = peak();
  let slowestMs = 0;
  for (let index = 0; index < count; index++) {
    const random = seededRandom(seed + index); // so that one input can be made again alone
    const { bytes, done } = mutate(kind, pick(seeds, random), random, pick(seeds, random));
    const startedAt = performance.now();
    const timer = new AbortController();
    const late = delay(LIMIT_MS, undefined, timer).then(() => {
      throw new Error(`no answer in ${LIMIT_MS} ms`);
    });
    try {
      await Promise.race([reader.read(bytes, index, random), late]);
    } catch (error) {
      const { name, message } = error as Error;
      try {
        assert(reader.refusals.some((kind) => error instanceof kind), `${name}: ${message}`);
        checkReason(message);
        refused.set(index, message);
      } catch (fault) {
        faults.push(`${kind} ${index} (${done.join(", ")}): ${(fault as Error).message}`);
      }
    } finally {
      timer.abort();
      await late.catch(() => {});
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > LIMIT_MS) faults.push(`${kind} ${index} (${done.join(", ")}): ${tookMs} ms`);
    slowestMs = Math.max(slowestMs, tookMs);
  }
  await reader.finish?.(refused).catch((error) => faults.push(`${kind}, all together: ${error}`));
  return {
    accepted: count - refused.size - faults.length,
    refused: refused.size,
    faults,
    slowestMs,
    grownBytes: peak() - start,
  };
}

if (import.meta.main) {
  const [kind, count, seed] = Deno.args as [string, string, string];
  await withFolder(async (folder) => {
    const reader = kind === "xml"
      ? await readAnnotations(folder)
      : kind === "zip"
      ? readZips(folder)
      : readPhotos(folder);
    console.log(JSON.stringify(await feed(kind, Number(count), Number(seed), reader)));
  });
}
