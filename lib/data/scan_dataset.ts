/** A folder of labelled photos, in either of two layouts, to samples. Decodes no photo. */
import { CLASSES } from "../types.ts";
import type { Dataset, ScanOptions } from "./dataset.ts";
import { findLayout } from "./find_layout.ts";
import { selectSamples } from "./select_samples.ts";

/**
 * Lists the samples of a data set in one of two layouts:
 *
 * - class folders: `with_mask`, `without_mask` and perhaps `mask_weared_incorrect`; each file in
 *   them is a sample (whether it is a photo shows when it is decoded);
 * - PASCAL VOC: `images` and `annotations` (or `JPEGImages` and `Annotations`); each face of each
 *   annotation is a sample with a box. A photo belongs to the annotation of the same name.
 *
 * They may lie in `folder`, in a `data` folder there, or in a chain of only sub-folders. Hidden files
 * and those that operating systems leave behind are passed over.
 *
 * @throws {Deno.errors.NotFound} If `folder` is not a folder or holds neither layout.
 * @throws {Deno.errors.InvalidData} If a class of the task has no sample, unless `eachClass` is false.
 * @throws {RangeError} If an option is none of those above.
 * @example
 * ```ts
 * import { scanDataset } from "./scan_dataset.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const className of ["with_mask", "without_mask"]) {
 *   await Deno.mkdir(`${folder}/data/${className}`, { recursive: true });
 *   await Deno.writeFile(`${folder}/data/${className}/1.jpg`, new Uint8Array());
 * }
 * const { layout, samples } = await scanDataset(folder);
 * console.log(layout, samples.length); // class-folders 2
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function scanDataset(folder: string, options: ScanOptions = {}): Promise<Dataset> {
  const { task = "binary", eachClass = true } = options;
  selectSamples([], options); // refuses bad options before anything is read
  const { layout, scan } = await findLayout(folder);
  const { samples: found, photos, unreadable, notes } = await scan();
  const { samples, leftOut } = selectSamples(found, options);
  const dataset = { layout, classes: CLASSES[task], samples, photos, leftOut, unreadable, notes };
  if (eachClass) checkClasses(dataset, folder);
  return dataset;
}

function checkClasses({ classes, samples, leftOut, unreadable }: Dataset, folder: string): void {
  const counts = classes.map((className) => ({
    className,
    count: samples.filter((sample) => sample.className === className).length,
  }));
  if (counts.every(({ count }) => count > 0)) return;
  const found = counts.map(({ className, count }) => `${count} ${className}`).join(", ");
  const left = leftOut.map(({ reason, count }) => `; left out ${count}: ${reason}`).join("");
  const [first] = unreadable;
  const bad = first && `; ${unreadable.length} unreadable, first ${first.file}: ${first.reason}`;
  throw new Deno.errors.InvalidData(
    `scanDataset() needs a sample of each class, found ${found} in ${folder}${left}${bad ?? ""}`,
  );
}
