/** Finds labelled photos: the user's, an earlier download, Kaggle's, or else faces drawn here. */
import { basename, join, resolve } from "node:path";
import { unpackArchive } from "./archive.ts";
import { findDataFolder } from "./data_folder.ts";
import { downloadDataset, type DownloadOptions } from "./download.ts";
import { FetchError } from "./fetch_file.ts";
import { writeSampleFaces } from "./sample_faces.ts";

/** Where the photos are, and how to name them wherever a result on them is shown. */
export interface DataSource {
  /** A folder for `scanDataset`. */
  folder: string;
  /** Such as "Kaggle's omkargurav/face-mask-dataset"; of drawn faces it says that they are no photos. */
  name: string;
  /** A folder in which `loadImages` may keep decoded photos. */
  cache: string;
}

/** Options of `getData`, and those of `downloadDataset`. */
export interface GetDataOptions extends DownloadOptions {
  /** Owner and name of a data set of Kaggle's. @default "omkargurav/face-mask-dataset" */
  kaggle?: string;
  /** How many faces to draw where no photos can be had. @default 1200 */
  drawn?: number;
}

const DRAWN = "drawn faces, which say nothing about real photos";

/**
 * Finds the photos, in this order: what the environment variable FACE_MASK_DATA names (a folder or a
 * zip), an earlier download in `data/`, the public Kaggle data set, and else drawn faces.
 *
 * @throws {Deno.errors.NotFound} if FACE_MASK_DATA names nothing
 * @throws what `downloadDataset` throws, unless it is that the network or Kaggle refuses
 */
export async function getData(options: GetDataOptions = {}): Promise<DataSource> {
  const { kaggle = "omkargurav/face-mask-dataset", drawn = 1200 } = options;
  const { onProgress, onWarning = console.warn } = options;
  const own = Deno.env.get("FACE_MASK_DATA");
  if (own) return await openData(own, options);
  try {
    const downloaded = await downloadDataset(kaggle, options);
    const cache = join(options.folder ?? await findDataFolder(), "cache");
    return { folder: downloaded, name: `Kaggle's ${kaggle}`, cache };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const reason = error instanceof Deno.errors.NotCapable
      ? `${kaggle} is not here, and this command reaches no network: name photos, or run the notebook first`
      : error.message;
    onWarning(`${reason}\nGoing on with drawn faces.`);
  }
  const faces = join(options.folder ?? await findDataFolder("sample_faces"), "sample_faces");
  await writeSampleFaces(faces, { count: drawn, onProgress });
  return await openData(faces, { folder: options.folder });
}

/** What the network or Kaggle refuse has a way out; a full disk or a damaged zip has not. */
function isRefusal(error: unknown): error is Error {
  const { NotCapable, NotFound, PermissionDenied } = Deno.errors;
  const kinds = [FetchError, NotCapable, PermissionDenied, NotFound];
  return kinds.some((kind) => error instanceof kind);
}

/**
 * Opens a folder or a zip of photos. A zip is checked and unpacked into `data/unpacked`, once.
 *
 * @throws {Deno.errors.NotFound} if there is no such file or folder
 * @throws what `unpackArchive` throws for a zip that is damaged or unsafe
 */
export async function openData(
  path: string,
  options: Pick<GetDataOptions, "folder" | "onProgress"> = {},
): Promise<DataSource> {
  const full = resolve(path);
  const { isDirectory, size, mtime } = await Deno.stat(full).catch((cause) => {
    throw new Deno.errors.NotFound(`there is no folder or zip ${full}`, { cause });
  });
  const { folder: data = await findDataFolder(), onProgress } = options;
  let folder = full;
  if (!isDirectory) {
    const name = `${basename(full, ".zip")}-${size}-${mtime?.getTime() ?? 0}`;
    folder = join(data, "unpacked", name);
    await unpackArchive(full, folder, { onProgress });
  }
  const name = await isDrawn(folder) ? DRAWN : basename(full);
  return { folder, name, cache: join(data, "cache") };
}

/** Whether `writeSampleFaces` made what is in the folder, or right under its `data`. */
async function isDrawn(folder: string): Promise<boolean> {
  const places = [folder, join(folder, "data")].map((place) => join(place, "sample_faces.json"));
  const found = await Promise.all(
    places.map((place) => Deno.stat(place).then(() => true, () => false)),
  );
  return found.includes(true);
}
