/** Which layout a folder of labelled photos has, and where in it. */
import { join } from "@std/path";
import { CLASSES } from "../types.ts";
import { scanClassFolders } from "./class_folders.ts";
import type { Dataset, Scan } from "./dataset.ts";
import { listFolder } from "./list_folder.ts";
import { scanVoc } from "./voc_layout.ts";

/** `images` and `annotations` as Kaggle's set names them, and as PASCAL VOC does. */
const VOC_FOLDERS = [["images", "annotations"], ["JPEGImages", "Annotations"]] as const;
const ALL_CLASSES = CLASSES["three-class"];
/** Folders looked into, one in the other, before giving up. */
const MAX_DEPTH = 5;

/** Looks for a layout in `folder`, then in its `data` or only sub-folder, and so on. */
export async function findLayout(
  folder: string,
): Promise<{ layout: Dataset["layout"]; scan: () => Promise<Scan> }> {
  const looked: string[] = [];
  let current: string | undefined = folder;
  while (current !== undefined && looked.length < MAX_DEPTH) {
    const here: string = current;
    const { folders } = await listFolder(here).catch((cause) => {
      throw new Deno.errors.NotFound(
        `scanDataset() needs a folder of photos, cannot list ${here}: ${cause.message}`,
        { cause },
      );
    });
    const classFolders = ALL_CLASSES.filter((className) => folders.includes(className));
    if (classFolders.length > 0) {
      return { layout: "class-folders", scan: () => scanClassFolders(here, classFolders) };
    }
    for (const [images, annotations] of VOC_FOLDERS) {
      if (folders.includes(images) && folders.includes(annotations)) {
        return { layout: "voc", scan: () => scanVoc(join(here, images), join(here, annotations)) };
      }
    }
    looked.push(`${here} (folders: ${folders.slice(0, 10).join(", ") || "none"})`);
    const next = folders.includes("data") ? "data" : folders.length === 1 ? folders[0] : undefined;
    current = next && join(here, next);
  }
  throw new Deno.errors.NotFound(
    "scanDataset() needs folders with_mask and without_mask, or images and annotations " +
      `(JPEGImages and Annotations); looked in ${looked.join(", then in ")}`,
  );
}
