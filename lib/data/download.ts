/** A Kaggle data set onto disk: whole, checked, resumable. */
import { join } from "node:path";
import { isUnpacked, unpackArchive, type UnpackOptions } from "./archive.ts";
import { findDataFolder } from "./data_folder.ts";
import { FetchError, fetchFile, type FetchOptions } from "./fetch_file.ts";
import { findKaggleCredentials } from "./kaggle_credentials.ts";
import { withWorkFolder } from "../files.ts";

/** Where a data set comes from and goes to; the limits and the patience of `fetchFile` and `unpackArchive`. */
export interface DownloadOptions extends UnpackOptions, Omit<FetchOptions, "authorization"> {
  /** The folder of all data sets. @default what `findDataFolder` finds: the project's `data`, if it can be written */
  folder?: string;
  /** @default "https://www.kaggle.com/api/v1", as in the command that a data set's page shows */
  baseUrl?: string;
  /** Reads an environment variable. @default Deno.env.get */
  env?: (name: string) => string | undefined;
  /** Told of credentials that others can read. @default console.warn */
  onWarning?: (message: string) => void;
}

/**
 * Puts a Kaggle data set into `<folder>/<owner>/<name>`, by one rename at the very end: what is there is
 * whole and checked, and is then taken without asking Kaggle again. A zip that the user has put at
 * `<folder>/<owner>/<name>.zip` is taken instead of a download.
 * Public sets are asked for without credentials, others with those that `findKaggleCredentials` finds.
 * A second process with the same wish waits for the first. After an error or an abort nothing is left; a
 * killed process leaves `<name>.download`, with which the next one goes on.
 *
 * @param name Owner and name as in the address of the data set's page, such as "andrewmvd/face-mask-detection".
 * @returns the path of the unpacked folder
 * @throws {TypeError} if `name` is of another form
 * @throws {Deno.errors.NotFound} if Kaggle has no such data set
 * @throws {Deno.errors.PermissionDenied} if Kaggle wants a sign-in, another token, or terms accepted
 * @throws {Deno.errors.InvalidData} if what came, or the user's zip, is damaged or unsafe
 * @throws {Deno.errors.AlreadyExists} if the folder is there but was not made by this function
 * @throws {FetchError} if the network or Kaggle fails
 * @throws {Error} if the disk is full
 * @example
 * ```ts
 * import { BlobWriter, TextReader, ZipWriter } from "@zip.js/zip.js";
 * import { downloadDataset } from "./download.ts";
 *
 * const zip = new ZipWriter(new BlobWriter());
 * await zip.add("data/with_mask/a.txt", new TextReader("a photo"));
 * const archive = await zip.close();
 * const local = { hostname: "127.0.0.1", port: 0, onListen() {} };
 * await using kaggle = Deno.serve(local, () => new Response(archive));
 * const baseUrl = `http://127.0.0.1:${kaggle.addr.port}`; // leave out to ask Kaggle
 *
 * const data = Deno.makeTempDirSync();
 * const folder = await downloadDataset("omkargurav/face-mask-dataset", { folder: data, baseUrl });
 * console.log(await Deno.readTextFile(`${folder}/data/with_mask/a.txt`));
 * ```
 */
export async function downloadDataset(
  name: string,
  options: DownloadOptions = {},
): Promise<string> {
  const [, owner, slug] = /^([\w-]+)\/([\w-]+)$/.exec(name) ?? [];
  if (!owner || !slug) {
    throw new TypeError(`a data set is named "owner/name", got ${JSON.stringify(name)}`);
  }
  const { folder: dataFolder = await findDataFolder(name), onProgress } = options;
  const folder = join(dataFolder, owner, slug);
  const workFolder = `${folder}.download`;
  const isThere = await exists(folder); // asked first: another download may end before the next question
  const isMade = await isUnpacked(folder);
  if (isMade && !await exists(workFolder)) return folder; // else it is in the making, or to be tidied up
  if (isThere && !isMade) {
    throw new Deno.errors.AlreadyExists(
      `${folder} is in the way of ${name}: it was not made by a download. Move it away, or use it as it is.`,
    );
  }

  await withWorkFolder(workFolder, async () => {
    if (await isUnpacked(folder)) return;
    const ownZip = `${folder}.zip`;
    if (await exists(ownZip)) return await unpackArchive(ownZip, folder, options);
    const zipFile = join(workFolder, `${slug}.zip`);
    try {
      await fetchArchive(name, zipFile, options);
      await unpackArchive(zipFile, folder, options);
    } catch (error) {
      throw await addAdvice(error, name, zipFile, ownZip);
    }
  }, {
    signal: options.signal,
    onWait: () => onProgress?.({ stage: `Waiting for another download of ${name}`, done: 0 }),
  });
  return folder;
}

/** Fetches the archive without credentials or, if Kaggle minds, with those that are found. */
async function fetchArchive(name: string, zipFile: string, options: DownloadOptions) {
  const { baseUrl = "https://www.kaggle.com/api/v1" } = options;
  const url = new URL(`${baseUrl}/datasets/download/${name}`);
  let status = await fetchUnlessRefused(url, zipFile, options);
  if (status === undefined) return;
  const sources = [], problems: string[] = [];
  const { onWarning = console.warn } = options;
  const credentials = await findKaggleCredentials({
    ...options,
    onWarning: (message) => {
      problems.push(message);
      onWarning(message);
    },
  });
  for (const { source, authorization } of credentials) {
    const next = await fetchUnlessRefused(url, zipFile, { ...options, authorization });
    if (next === undefined) return;
    status = sources.length > 0 && status === 403 ? 403 : next; // 403: the token itself was good
    sources.push(source);
  }
  throw explainRefusal(status, name, sources.join(", "), problems.join("; "));
}

/** @returns the status of a refusal that other credentials may change; undefined if the file was fetched */
async function fetchUnlessRefused(url: URL, file: string, options: FetchOptions) {
  try {
    await fetchFile(url, file, options);
  } catch (error) {
    const { status } = error as FetchError;
    if (status === 401 || status === 403 || status === 404) return status;
    throw error;
  }
}

function explainRefusal(status: number, name: string, sources: string, problems: string): Error {
  const page = pageOf(name);
  const newToken = "make one at https://www.kaggle.com/settings/api and put it into the variable " +
    "KAGGLE_API_TOKEN or the file ~/.kaggle/access_token";
  if (status === 404) {
    return new Deno.errors.NotFound(
      `Kaggle has no data set ${name} (404): compare with the address of its page, ${page}`,
    );
  }
  if (sources === "") {
    return new Deno.errors.PermissionDenied(
      `Kaggle gives ${name} only to those who sign in (${status}), and no token was found` +
        `${problems && ` that can be used (${problems})`}: ${newToken}. ` +
        `Look at ${page} in a browser: is the name right, and are there terms to accept?`,
    );
  }
  return new Deno.errors.PermissionDenied(
    status === 401
      ? `Kaggle does not give ${name} for the token from ${sources} (401), which may be mistyped or expired: ` +
        `${newToken}.`
      : `Kaggle does not give ${name} to the account of the token from ${sources} (403). Open ${page} in ` +
        "a browser, signed in to that account: are there terms to accept, is the name right, and if the " +
        "set is private, is it shared with the account?",
  );
}

/** Adds to an error of the network or of the archive what the user can do. */
async function addAdvice(cause: unknown, name: string, zipFile: string, ownZip: string) {
  const page = pageOf(name);
  const advice =
    `Run again, or by hand: download the zip in a browser from ${page}, and save it as ${ownZip}.`;
  if (cause instanceof FetchError) {
    const message =
      `${name} could not be downloaded: ${cause.message}. Check the network. ${advice}`;
    return new FetchError(message, { cause, status: cause.status });
  }
  if (cause instanceof Deno.errors.InvalidData) {
    const reason = cause.message.replace(zipFile, "its archive");
    const html = await startsLikeHtml(zipFile)
      ? " It is a web page: a proxy, or a page to sign in to the network, may have sent it."
      : "";
    const message = `${name} came, but ${reason}.${html} ${advice}`;
    return new Deno.errors.InvalidData(message, { cause });
  }
  return cause;
}

async function startsLikeHtml(file: string): Promise<boolean> {
  using opened = await Deno.open(file);
  const bytes = new Uint8Array(100);
  await opened.read(bytes);
  return new TextDecoder().decode(bytes).trimStart().startsWith("<");
}

const pageOf = (name: string) => `https://www.kaggle.com/datasets/${name}`;

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
