/**
 * Installs the native TensorFlow for `@tensorflow/tfjs-node`: libtensorflow from a Python wheel, and the
 * package's own add-on compiled against it. If this is not possible, installs the prebuilt ones of 2022.
 */
import { join } from "node:path";
import { BlobReader, type FileEntry, ZipReader } from "@zip.js/zip.js";
import { openAsBlob } from "node:fs";
import { removeIfThere, writeWhole } from "../lib/files.ts";
import type { OnProgress } from "../lib/types.ts";
import { lastLines, run } from "./terminal.ts";
import { runTied } from "./child.ts";
import { adviseOnPip, findPython } from "./python.ts";
import { installPrebuilt } from "./prebuilt_engine.ts";
import { hashFile, hashText, readStamp } from "./stamp.ts";

const VERSION = "2.21.0";
const PLATFORM = `${Deno.build.os}-${Deno.build.arch}`;
const IS_MAC = Deno.build.os === "darwin";
/** How the add-on is compiled, wherever its source and the library are. */
const COMPILER_OPTIONS = [
  ...["-std=c++17", "-O2", "-shared", "-fPIC", "-DNAPI_VERSION=8"],
  ...IS_MAC
    ? ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/../../deps/lib"]
    : ["-Wl,-rpath,$ORIGIN/../../deps/lib"],
];
/** The wheel with the C library for each platform. Any Python can download any of them. */
const WHEELS: Record<string, { package: string; platform: string; sha256: string; bytes: number }> =
  {
    "linux-x86_64": {
      package: "tensorflow-cpu",
      platform: "manylinux_2_27_x86_64",
      sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
      bytes: 274_000_871,
    },
    "linux-aarch64": {
      package: "tensorflow",
      platform: "manylinux_2_27_aarch64",
      sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
      bytes: 281_946_471,
    },
    "darwin-aarch64": {
      package: "tensorflow",
      platform: "macosx_12_0_arm64",
      sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
      bytes: 223_488_205,
    },
  };
/** The files that the add-on needs; the wheel has 13,000 more. */
const WANTED =
  /^tensorflow\/(libtensorflow_(cc|framework)\.(so\.2|2\.dylib)|include\/(tensorflow\/(c|core\/platform)|tsl\/platform|xla\/tsl\/c)\/.*\.h)$/;

const HOW_TO_INSTALL =
  `Install Python 3.10 or newer with pip, and a C++ compiler, then run this again:
  Debian, Ubuntu  sudo apt install python3 python3-pip python3-venv g++
  macOS           xcode-select --install, and Python from python.org or Homebrew
  Windows         winget install Python.Python.3.13 (the prebuilt engine needs Node.js, and no compiler)`;

/** Code that the add-on lacks; it is compiled into it. */
const LIST_ATTRIBUTES = join(import.meta.dirname!, "list_attributes.h");

/** A record of the installation, written last. Without it, nothing counts as installed. */
interface Stamp {
  libtensorflow: string;
  /** A digest of what it was made from, as {@linkcode describeSource} gives it. */
  source: string;
  /** Bytes of each file, and its SHA-256. */
  files: Record<string, number>;
  sha256: Record<string, string>;
}

/** The target folder of the engine, and its sources. */
export interface EnginePlaces {
  /** The installed npm package `@tensorflow/tfjs-node`. */
  folder: string;
  /** The `include` folder of the npm package `node-api-headers`. */
  headers: string;
}

/**
 * Returns the version of an engine that is completely installed; writes nothing. The sizes of its files
 * must be right, and its sources unchanged.
 *
 * @param isThorough Also compares the digests of the files, which takes a second.
 * @throws {Error} if a file cannot be read
 */
export async function findEngine(
  { folder }: Pick<EnginePlaces, "folder">,
  { isThorough }: { isThorough?: boolean } = {},
): Promise<string | undefined> {
  const stamp = await readStamp<Stamp>(join(folder, "engine.json"));
  if (stamp?.source !== await describeSource(folder)) return undefined;
  try {
    for (const [name, size] of Object.entries(stamp.files ?? {})) {
      const file = join(folder, name);
      if ((await Deno.stat(file)).size !== size) return undefined;
      if (isThorough && await hashFile(file) !== stamp.sha256?.[name]) return undefined;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return stamp.libtensorflow;
}

/** Computes a digest of the version, the wheel, and the add-on's source. */
async function describeSource(folder: string): Promise<string> {
  const binding = join(folder, "binding");
  const names = (await Array.fromAsync(Deno.readDir(binding), ({ name }) => name)).sort();
  const files = [LIST_ATTRIBUTES, ...names.map((name) => join(binding, name))];
  const sources = await Promise.all(files.map((file) => hashFile(file)));
  return hashText(JSON.stringify([VERSION, WHEELS[PLATFORM], COMPILER_OPTIONS, sources]));
}

/**
 * Installs the engine if it is missing or incomplete; returns the version of libtensorflow. Every step
 * works in a temporary folder and the stamp comes last, so an interrupted run can be repeated.
 *
 * @throws {Error} if the installation fails; the message says what to install
 */
export async function installEngine(
  { folder, headers, onProgress, isThorough }: EnginePlaces & {
    onProgress: OnProgress;
    /** Also compares the digests of the files. */
    isThorough?: boolean;
  },
): Promise<string> {
  const installed = await findEngine({ folder }, { isThorough });
  if (installed !== undefined) return installed;
  const [stampFile, staging] = [join(folder, "engine.json"), join(folder, ".staging")];
  // Removes what a killed run left, the stamp first: without it, nothing counts as installed.
  for (const rest of [stampFile, staging, join(folder, "deps"), join(folder, "lib")]) {
    await removeIfThere(rest);
  }
  await Deno.mkdir(staging);
  try {
    const tools = await findTools();
    const libtensorflow = "missing" in tools
      ? await fallBack(folder, staging, tools.missing, onProgress)
      : await installWheel(folder, staging, headers, tools, onProgress);
    const names = await listFiles(folder, ["deps/lib", "lib/napi-v8"]);
    const stamp: Stamp = {
      libtensorflow,
      source: await describeSource(folder),
      files: {},
      sha256: {},
    };
    for (const name of names) {
      stamp.files[name] = (await Deno.stat(join(folder, name))).size;
      stamp.sha256[name] = await hashFile(join(folder, name));
    }
    await writeWhole(stampFile, JSON.stringify(stamp));
    return libtensorflow;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
    throw new Error(
      `the disk is full: TensorFlow's library needs 1.5 GB in ${folder} while it is installed. ` +
        "Nothing is half installed: make room, then run this again.",
      { cause: error },
    );
  } finally {
    await removeIfThere(staging).catch(() => {}); // a second error would hide the first
  }
}

async function fallBack(
  folder: string,
  staging: string,
  missing: string,
  onProgress: OnProgress,
): Promise<string> {
  onProgress({ stage: `Installing tfjs-node's prebuilt engine: ${missing}`, done: 0 });
  return await installPrebuilt(folder, staging, onProgress).catch((cause) => {
    throw new Error(
      `TensorFlow's native library cannot be installed: ${missing}, and tfjs-node's prebuilt download failed ` +
        `(${cause.message}).\n${HOW_TO_INSTALL}`,
      { cause },
    );
  });
}

async function listFiles(folder: string, parts: string[]): Promise<string[]> {
  const lists = parts.map((part) =>
    Array.fromAsync(Deno.readDir(join(folder, part)), ({ name }) => `${part}/${name}`)
  );
  return (await Promise.all(lists)).flat();
}

interface Tools {
  python: string;
  compiler: string;
  wheel: typeof WHEELS[string];
}

async function findTools(): Promise<Tools | { missing: string }> {
  const wheel = WHEELS[PLATFORM];
  if (!wheel) return { missing: `there is no wheel with the C library for ${PLATFORM}` };
  const python = await findPython();
  if (!python || !(await run(python, ["-m", "pip", "--version"])).success) {
    return { missing: "Python 3.10 or newer with pip was not found" };
  }
  for (const compiler of [Deno.env.get("CXX"), "c++", "g++", "clang++"]) {
    if (compiler && (await run(compiler, ["--version"])).success) {
      return { python, compiler, wheel };
    }
  }
  return { missing: "no C++ compiler (c++, g++, clang++) was found" };
}

async function installWheel(
  folder: string,
  staging: string,
  headers: string,
  { python, compiler, wheel }: Tools,
  onProgress: OnProgress,
): Promise<string> {
  const file = await downloadWheel(python, wheel, staging, onProgress);
  await unpackWheel(file, staging, onProgress);
  await Deno.remove(file);
  onProgress({ stage: "Compiling the add-on (about 10 s)", done: 0 });
  const library = (name: string) =>
    join(staging, "deps/lib", IS_MAC ? `${name}.2.dylib` : `${name}.so.2`);
  const addOn = join(staging, "tfjs_binding.node");
  const compiled = await runTied(compiler, [
    ...["-include", LIST_ATTRIBUTES],
    ...[headers, join(staging, "deps/include"), folder].map((include) => `-I${include}`),
    join(folder, "binding/tfjs_backend.cc"),
    join(folder, "binding/tfjs_binding.cc"),
    library("libtensorflow_cc"),
    library("libtensorflow_framework"),
    ...COMPILER_OPTIONS,
    ...["-o", addOn],
  ]);
  if (!compiled.success) {
    throw new Error(`${compiler} could not compile the add-on:\n${lastLines(compiled.stderr, 8)}`);
  }
  await Deno.mkdir(join(folder, "lib/napi-v8"), { recursive: true });
  await Deno.rename(join(staging, "deps"), join(folder, "deps"));
  await Deno.rename(addOn, join(folder, "lib/napi-v8/tfjs_binding.node"));
  return VERSION;
}

/** Downloads and checks the wheel with pip. Progress is the size of the file, because old pips report none. */
async function downloadWheel(
  python: string,
  wheel: Tools["wheel"],
  staging: string,
  onProgress: OnProgress,
): Promise<string> {
  const [requirements, target, temporary] = ["wheel.txt", "wheel", "tmp"].map((name) =>
    join(staging, name)
  ) as [string, string, string];
  await Deno.writeTextFile(
    requirements,
    `${wheel.package}==${VERSION} --hash=sha256:${wheel.sha256}\n`,
  );
  await Deno.mkdir(temporary);
  const stage = `Downloading libtensorflow ${VERSION} (MB)`;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  let shown = -1;
  const report = async () => {
    const done = megabytes(Math.min(await folderSize(temporary), wheel.bytes));
    if (done !== shown) onProgress({ stage, done, total: megabytes(wheel.bytes) });
    shown = done;
  };
  const timer = setInterval(report, 500);
  const downloaded = await runTied(python, [
    ...["-m", "pip", "download", "--quiet", "--no-input", "--no-deps", "--only-binary=:all:"],
    ...["--require-hashes", "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"],
    ...["--platform", wheel.platform, "--dest", target, "--requirement", requirements],
  ], { env: { TMPDIR: temporary } }).finally(() => clearInterval(timer));
  if (!downloaded.success) {
    throw new Error(
      `pip could not download ${wheel.package} ${VERSION}:\n${lastLines(downloaded.stderr)}\n` +
        `Nothing is half installed. ${adviseOnPip(downloaded.stderr)}`,
    );
  }
  const [file] = await Array.fromAsync(Deno.readDir(target));
  return join(target, file!.name);
}

async function folderSize(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      bytes += entry.isDirectory ? await folderSize(path) : (await Deno.stat(path)).size;
    }
  } catch { /* pip has just moved it */ }
  return bytes;
}

/** Unpacks the needed files of the wheel into `deps/lib` and `deps/include`. */
async function unpackWheel(file: string, staging: string, onProgress: OnProgress): Promise<void> {
  const zip = new ZipReader(new BlobReader(await openAsBlob(file)));
  const entries = (await zip.getEntries()).filter((entry) =>
    WANTED.test(entry.filename)
  ) as FileEntry[];
  for (const [index, entry] of entries.entries()) {
    onProgress({ stage: "unpacking libtensorflow", done: index, total: entries.length });
    const name = entry.filename.replace("tensorflow/lib", "lib/lib").replace(
      "tensorflow/include",
      "include",
    );
    const target = join(staging, "deps", name);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    const output = await Deno.open(target, { write: true, createNew: true });
    await entry.getData(output.writable, { checkSignature: true });
  }
  onProgress({ stage: "unpacking libtensorflow", done: entries.length, total: entries.length });
  await zip.close();
}
