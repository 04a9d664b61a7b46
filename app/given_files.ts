/// <reference lib="dom" />
/** Reads photos that were dropped or pasted: files, nested folders, pictures without a name. */

/** A file and its name: its path from the dropped folder. */
export interface GivenFile {
  file: File;
  name: string;
}

/** The files that were dropped or pasted. */
export interface GivenFiles {
  files: GivenFile[];
  /** The number of files in folders that do not have a picture's name. */
  skipped: number;
  /** The number of files and folders that cannot be opened. */
  lost: number;
}

/** Names of pictures without a type in some browsers. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|avif|bmp|hei[cf]|tiff?|jxl)$/i;

/** The name that browsers give to pasted pictures. */
const NO_NAME = /^image\.\w+$/;

let unnamed = 0;

/**
 * Reads what was dropped or pasted. Takes all single files. In folders, takes files with a picture's type or
 * name, in natural order.
 */
export async function readGivenFiles(data: DataTransfer): Promise<GivenFiles> {
  // The browser empties the list after the event, so all entries are read at once.
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

/** Sorts names in natural order: 2.jpg before 10.jpg. */
const compareNames = new Intl.Collator("en", { numeric: true }).compare;

const isPicture = ({ name, type }: File) =>
  !name.startsWith(".") && (type.startsWith("image/") || PICTURE_NAME.test(name));

/** Lists the files in a folder and its subfolders; a folder that cannot be opened is listed itself. */
async function listFolder(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader(), inside: FileSystemEntry[] = [];
  try {
    // The reader returns a batch at a time, and an empty one at the end.
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
