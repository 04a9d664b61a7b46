/**
 * Draws the default data set of faces with a seeded generator, for use without photos. Results on it do not apply
 * to real photos.
 */
import { join } from "node:path";
import { seededRandom } from "../random.ts";
import { drawSampleFace } from "./sample_faces/draw.ts";
import { renderPhoto } from "./sample_faces/photo.ts";
import { CLASSES, type OnProgress } from "../types.ts";
import { writeWholeFolder } from "../files.ts";

/** The last file written: a folder that contains it is complete. */
const MANIFEST = "sample_faces.json";
/** Increase this number when the same seed draws different faces than before. */
const VERSION = 1;
const NOTE = "Faces drawn by a program: results on them say nothing about real photos.";

/** Options of {@linkcode writeSampleFaces}. */
export interface SampleFacesOptions {
  /** The number of faces, half of them with a mask; even. @default 1200 */
  count?: number;
  /** The same seed draws the same files; a larger count only adds to them. @default 42 */
  seed?: number;
  /** Called after every two faces. */
  onProgress?: OnProgress;
}

/**
 * Draws faces with and without a mask into `folder`, in the class-folder layout:
 * `with_mask/with_mask_1.jpg`, `without_mask/without_mask_1.jpg` and so on, JPEG files of 72 to 320
 * rows, and the manifest `sample_faces.json`. Existing faces of the same count, seed and version are kept; others
 * are replaced. The folder appears atomically. If a run is killed, its folder `.<name>-part` remains, and the
 * next run removes it.
 *
 * @throws {RangeError} if `count` is not a positive even number, or `seed` is not a safe integer
 * @throws {Deno.errors.AlreadyExists} if `folder` contains other files
 * @example
 * ```ts
 * import { writeSampleFaces } from "./sample_faces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeSampleFaces(folder, { count: 4, seed: 1 });
 * for await (const entry of Deno.readDir(`${folder}/with_mask`)) console.log(entry.name);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeSampleFaces(
  folder: string,
  options: SampleFacesOptions = {},
): Promise<void> {
  const { count = 1200, seed = 42, onProgress } = options;
  if (!Number.isSafeInteger(count) || count <= 0 || count % 2 !== 0) {
    throw new RangeError(`count must be a positive even integer, got ${count}`);
  }
  const seeds = seededRandom(seed); // refuses a bad seed
  const manifest = JSON.stringify({ note: NOTE, version: VERSION, count, seed }, null, 2) + "\n";
  if (await readManifest(folder) === manifest) return;

  const isDone = async () => await readManifest(folder) === manifest;
  await writeWholeFolder(folder, async (drawn) => {
    for (const className of CLASSES.binary) {
      await Deno.mkdir(join(drawn, className), { recursive: true });
    }
    for (let n = 1; n <= count / 2; n++) {
      // One seed per face: it depends on the face's number only, not on the count.
      await Promise.all(CLASSES.binary.map(async (className) => {
        const random = seededRandom(Math.floor(seeds() * 2 ** 32));
        const photo = await renderPhoto(random, drawSampleFace(random, className === "with_mask"));
        await Deno.writeFile(join(drawn, className, `${className}_${n}.jpg`), photo);
      }));
      onProgress?.({ stage: "Drawing sample faces", done: 2 * n, total: count });
    }
    await Deno.writeTextFile(join(drawn, MANIFEST), manifest);
  }, { isDone });
}

/** Reads a folder's manifest; returns undefined if the folder is empty or absent. */
async function readManifest(folder: string): Promise<string | undefined> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(ignoreNotFound) ?? [];
  const names = entries.map(({ name }) => name);
  if (names.length > 0 && !names.includes(MANIFEST)) {
    throw new Deno.errors.AlreadyExists(
      `${folder} must be empty or contain ${MANIFEST}, found ${names[0]}`,
    );
  }
  return await Deno.readTextFile(join(folder, MANIFEST)).catch(ignoreNotFound);
}

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
