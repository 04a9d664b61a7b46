/** Photos in folders named for their class, to samples. */
import { join } from "@std/path";
import type { ClassName } from "../types.ts";
import type { Scan } from "./dataset.ts";
import { listFolder } from "./list_folder.ts";

/** Lists each file in the class folders as a sample. */
export async function scanClassFolders(folder: string, classNames: ClassName[]): Promise<Scan> {
  const scan: Scan = { samples: [], photos: [], unreadable: [], notes: [] };
  for (const className of classNames) {
    const classFolder = join(folder, className);
    const { files, folders } = await listFolder(classFolder);
    for (const name of files) {
      scan.samples.push({ file: join(classFolder, name), className });
      scan.photos.push(join(classFolder, name));
    }
    for (const name of folders) {
      scan.notes.push({ file: join(classFolder, name), reason: "a folder, not a photo: ignored" });
    }
  }
  return scan;
}
