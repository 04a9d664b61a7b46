/// <reference lib="dom" />
/** Photos that were dropped or pasted: files, folders in any depth, pictures without a name. */

/** A file, and what to call it: its path from the folder that was dropped. */
export interface GivenFile {
  file: File;
  name: string;
}

/** What was given, and how many files of folders are no pictures by their name. */
export interface GivenFiles {
  files: GivenFile[];
  skipped: number;
}

/** Names of pictures for which some browsers know no type. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|avif|bmp|hei[cf]|tiff?|jxl)$/i;

let unnamed = 0;

/**
 * Reads what was dropped or pasted. Of single files all are taken; of folders those that are pictures by
 * their type or name, in natural order.
 */
export async function readGivenFiles(data: DataTransfer): Promise<GivenFiles> {
  // The list is emptied when the event is over: what is wanted of it is taken at once.
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const given = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: GivenFile[] = [];
  let skipped = 0;
  for (const { entry, file } of given) {
    if (entry?.isDirectory) {
      const inside = await Array.fromAsync(listFolder(entry as FileSystemDirectoryEntry));
      const pictures = inside.filter(isPicture);
      skipped += inside.length - pictures.length;
      files.push(...pictures.sort((a, b) => compareNames(a.name, b.name)));
    } else if (file) {
      files.push({ file, name: entry ? file.name : `picture ${++unnamed}` });
    }
  }
  return { files, skipped };
}

/** Orders names as people do: 2.jpg before 10.jpg. */
const compareNames = new Intl.Collator("en", { numeric: true }).compare;

const isPicture = ({ file }: GivenFile) =>
  !file.name.startsWith(".") && (file.type.startsWith("image/") || PICTURE_NAME.test(file.name));

async function* listFolder(folder: FileSystemDirectoryEntry): AsyncGenerator<GivenFile> {
  const reader = folder.createReader();
  // It gives some at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.isDirectory) yield* listFolder(entry as FileSystemDirectoryEntry);
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject)
        );
        yield { file, name: entry.fullPath.replace(/^\//, "") };
      }
    }
  }
}
