/** Photos in folders named for their class. */
import { basename, dirname, join, sep } from "node:path";
import type { Scan } from "./dataset.ts";
import { type ListFolder, walkFiles } from "./list_folder.ts";
import { readPartName } from "./part_names.ts";

/**
 * Lists each file in the class folders, and in folders there, as a photo of that class; whether it is one
 * shows when it is decoded.
 *
 * @param folders Their names are those of the classes.
 */
export async function scanClassFolders(
  folders: string[],
  list: ListFolder,
  scan: Scan,
): Promise<void> {
  for (const folder of folders) {
    const labels = [basename(folder)];
    for await (const name of walkFiles(list, folder)) {
      const file = join(folder, name);
      const [part] = dirname(name).split(sep).flatMap((it) => readPartName(it) ?? []);
      scan.photos.push({ file, source: file, labels, ...(part && { part }) });
    }
  }
}
