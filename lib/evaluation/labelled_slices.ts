/** Sorts photos into slices that people labelled, for kinds that cannot be measured. */
import { readRegularFile } from "../files.ts";
import type { ImageSet } from "../types.ts";
import type { Slice } from "./slices.ts";

const MAX_BYTES = 2 ** 26;

/** The faces of each kind, as `file left,top,width,height`. */
export type FaceKinds = Readonly<Record<string, readonly string[]>>;

/**
 * Reads the kinds of faces from a JSON file with a field `kinds`.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it does not hold a list of strings per kind
 * @example
 * ```ts
 * import { readFaceKinds } from "./labelled_slices.ts";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, JSON.stringify({ kinds: { beard: ["1.jpg 8,9,30,40"] } }));
 * console.log(await readFaceKinds(file));
 * await Deno.remove(file);
 * ```
 */
export async function readFaceKinds(file: string): Promise<FaceKinds> {
  const text = new TextDecoder().decode(await readRegularFile(file, MAX_BYTES));
  try {
    const kinds = JSON.parse(text).kinds;
    for (const [name, faces] of Object.entries<unknown>(kinds)) {
      if (!(Array.isArray(faces) && faces.every((face) => typeof face === "string"))) {
        throw new TypeError(
          `kinds.${name} must be a list of strings, got ${JSON.stringify(faces)}`,
        );
      }
    }
    return kinds;
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `${file} does not hold kinds of faces: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Sorts faces by their kinds. A face may be of several kinds; kinds without a face are left out.
 *
 * @param indices The faces to sort, such as those of a test part.
 * @example
 * ```ts
 * import { labelledSlices } from "./labelled_slices.ts";
 *
 * const box = { left: 8, top: 9, width: 30, height: 40 };
 * const samples = [{ file: "set/1.jpg", className: "without_mask" as const, box }];
 * const images = { size: 1, pixels: new Uint8Array(3), samples, unreadable: [] };
 * console.log(labelledSlices(images, [0], { beard: ["1.jpg 8,9,30,40"] })[0]!.indices); // [0]
 * ```
 */
export function labelledSlices(
  images: ImageSet,
  indices: readonly number[],
  kinds: FaceKinds,
): Slice[] {
  const byFace = Map.groupBy(indices, (index) => {
    const { file, box } = images.samples[index]!;
    const name = file.slice(1 + Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")));
    return box ? `${name} ${box.left},${box.top},${box.width},${box.height}` : name;
  });
  return Object.entries(kinds).map(([name, faces]) => ({
    name,
    how: "labelled by hand",
    images,
    indices: faces.flatMap((face) => byFace.get(face) ?? []),
  })).filter(({ indices }) => indices.length > 0);
}
