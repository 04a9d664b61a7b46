/// <reference lib="dom" />
/** Photos that were dropped or pasted: files, folders in any depth, pictures without a name. */

/** A file, and what to call it: its path from the folder that was dropped. */
export interface GivenFile {
  file: File;
  name: string;
}

/** What was given. */
export interface GivenFiles {
  files: GivenFile[];
  /** Files of folders that are no pictures by their name. */
  skipped: number;
  /** Files and folders that cannot be opened. */
  lost: number;
}

/** Names of pictures for which some browsers know no type. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|avif|bmp|hei[cf]|tiff?|jxl)$/i;

/** What browsers call pasted pictures. */
const NO_NAME = /^image\.\w+$/;

let unnamed = 0;

/**
 * Reads what was dropped or pasted. Of single files all are taken; of folders those that are pictures by
 * their type or name, in natural order.
 */
export async function readGivenFiles(data: DataTransfer): Promise<GivenFiles> {
  // The list is emptied when the event is over: what is wanted of it is taken at once.
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const given = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const result: GivenFiles = { files: [], skipped: 0, lost: 0 };
  for (const { entry, file } of given) {
    if (entry?.isDirectory) {
      const inside = (await listFolder(entry as FileSystemDirectoryEntry))
        .sort((a, b) => compareNames(a.fullPath, b.fullPath));
      for (const entry of inside) await addEntry(entry, result);
    } else if (file) {
      const hasName = entry || !NO_NAME.test(file.name);
      result.files.push({ file, name: hasName ? file.name : `picture ${++unnamed}` });
    }
  }
  return result;
}

async function addEntry(entry: FileSystemEntry, result: GivenFiles) {
  try {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject)
    );
    const name = entry.fullPath.replace(/^\//, "");
    if (isPicture(file)) result.files.push({ file, name });
    else result.skipped++;
  } catch {
    result.lost++;
  }
}

/** Orders names as people do: 2.jpg before 10.jpg. */
const compareNames = new Intl.Collator("en", { numeric: true }).compare;

const isPicture = ({ name, type }: File) =>
  !name.startsWith(".") && (type.startsWith("image/") || PICTURE_NAME.test(name));

/** The files in a folder of any depth; a folder that cannot be opened stands for itself. */
async function listFolder(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader(), inside: FileSystemEntry[] = [];
  try {
    // It gives some at a time, and none at the end.
    for (;;) {
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject)
      );
      if (entries.length === 0) break;
      inside.push(...entries);
    }
  } catch {
    return [folder];
  }
  const lists = inside.map((entry) =>
    entry.isDirectory ? listFolder(entry as FileSystemDirectoryEntry) : [entry]
  );
  return (await Promise.all(lists)).flat();
}
