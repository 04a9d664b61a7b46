/** The engine of 2022 that tfjs-node's makers publish: for where no wheel has the C library, or no compiler is. */
import { basename, join } from "node:path";
import { fetchFile } from "../lib/data/fetch_file.ts";
import { removeIfThere, writeWhole } from "../lib/files.ts";
import type { OnProgress } from "../lib/types.ts";
import { runTied } from "./child.ts";
import { hashFile } from "./stamp.ts";
import { lastLines } from "./terminal.ts";

/** A published library. */
export interface Prebuilt {
  version: string;
  url: string;
  sha256: string;
}

const HOST = "https://storage.googleapis.com";
/**
 * The library of each platform. Its makers publish no digests: these are the ones by which Nixpkgs, wamuir/graft
 * and microsoft/tensorflow-directml fetch the same files.
 */
const LIBRARIES: Record<string, Prebuilt> = {
  "linux-x86_64": {
    version: "2.9.1",
    url: `${HOST}/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz`,
    sha256: "7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173",
  },
  "linux-aarch64": {
    version: "2.7.0",
    url: `${HOST}/tf-builds/libtensorflow_r2_7_linux_arm64.tar.gz`,
    sha256: "9395d1ff39f5b6847f5121e679ff4e599dc7061a2a7f87ceac061c78e908e6e3",
  },
  "darwin-x86_64": {
    version: "2.9.1",
    url: `${HOST}/tensorflow/libtensorflow/libtensorflow-cpu-darwin-x86_64-2.9.1.tar.gz`,
    sha256: "56f83d3320ba0f69aaafd6c058645e1b7fbc75fb9a3fc36d6be98de1291ca226",
  },
  "darwin-aarch64": {
    version: "2.7.0",
    url: `${HOST}/tf-builds/libtensorflow_r2_7_darwin_arm64_cpu.tar.gz`,
    sha256: "13ab22b97e2af06e431aaeb7b42fb89981965dd01aa16da035d8210aa4183d79",
  },
  "windows-x86_64": {
    version: "2.9.1",
    url: `${HOST}/tensorflow/libtensorflow/libtensorflow-cpu-windows-x86_64-2.9.1.zip`,
    sha256: "56fa7e84c984144311563b405bd0e565568f3cbe2c15ac4713e9c8174a02b00f",
  },
};

/**
 * Installs the library and the add-on that tfjs-node's makers built for each other.
 *
 * @param folder The installed npm package `@tensorflow/tfjs-node`.
 * @param staging A folder for what is under way.
 * @returns the library's version
 * @throws {Error} if they cannot be had, or the library is not the one that is known
 */
export async function installPrebuilt(
  folder: string,
  staging: string,
  onProgress: OnProgress,
): Promise<string> {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const library = LIBRARIES[platform];
  if (!library) throw new Error(`there is none for ${platform}`);
  await fetchLibrary(library, staging, onProgress);
  await Deno.rename(join(staging, "deps"), join(folder, "deps"));
  await fetchAddOn(folder, onProgress);
  return library.version;
}

/**
 * Downloads the library, checks its digest, and unpacks it into `deps` of a folder.
 *
 * @throws {Error} if it is not the one that is known
 */
export async function fetchLibrary(
  { url, sha256 }: Prebuilt,
  folder: string,
  onProgress: OnProgress,
): Promise<void> {
  const archive = join(folder, basename(new URL(url).pathname));
  await fetchFile(new URL(url), archive, { onProgress });
  const found = await hashFile(archive);
  if (found !== sha256) {
    throw new Error(
      `the SHA-256 of ${url} must be ${sha256}, got ${found}: a proxy may have changed it`,
    );
  }
  const deps = join(folder, "deps");
  await Deno.mkdir(deps);
  // Windows' own tar reads zips too.
  const unpacked = await runTied("tar", ["-xf", archive, "-C", deps]);
  if (!unpacked.success) throw new Error(`tar: ${lastLines(unpacked.stderr, 1)}`);
  await removeIfThere(archive);
  // Some zips have it outside of its folder.
  const stray = join(deps, "tensorflow.dll");
  if (await Deno.stat(stray).then(() => true, () => false)) {
    await Deno.mkdir(join(deps, "lib"), { recursive: true });
    await Deno.rename(stray, join(deps, "lib/tensorflow.dll"));
  }
}

/** Downloads the add-on with the tool that the package names, which reads the address in its manifest. */
async function fetchAddOn(folder: string, onProgress: OnProgress): Promise<void> {
  onProgress({ stage: "Downloading tfjs-node's add-on, published without a checksum", done: 0 });
  const manifest = join(folder, "package.json");
  const text = await Deno.readTextFile(manifest);
  const json = JSON.parse(text);
  const [os, ending] = Deno.build.os === "windows" ? ["windows", "zip"] : [Deno.build.os, "tar.gz"];
  json.binary.package_name = `CPU-${os}-${json.version}.${ending}`;
  const tool = join(folder, "../../@mapbox/node-pre-gyp/bin/node-pre-gyp");
  try {
    await writeWhole(manifest, JSON.stringify(json));
    const fetched = await runTied("node", [tool, "install"], { cwd: folder });
    const addOn = join(folder, "lib/napi-v8/tfjs_binding.node");
    if (!fetched.success || !await Deno.stat(addOn).then(() => true, () => false)) {
      throw new Error(
        fetched.stderr.match(/^.*(Error|ERR!): .*$/m)?.[0] ?? lastLines(fetched.stderr, 1),
      );
    }
  } finally {
    await writeWhole(manifest, text);
  }
  if (Deno.build.os !== "windows") return;
  const stage = join(folder, "scripts/deps-stage.js");
  const staged = await runTied("node", [stage, "symlink", "./lib/napi-v8"], { cwd: folder });
  if (!staged.success) throw new Error(lastLines(staged.stderr, 1));
}
