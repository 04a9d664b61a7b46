/**
 * Loads `@tensorflow/tfjs-node` on Deno, without log noise, and reports its versions. Other modules import
 * `tf` from here, and only types from `@tensorflow/tfjs-node`.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { findPackage } from "./package_files.ts";

type TensorFlow = typeof import("@tensorflow/tfjs-node");

/** The versions of the engine. */
export interface EngineReport {
  /** The version of the npm package, such as "4.22.0". */
  tfjsNode: string;
  /** The version of the native library, such as "2.21.0". */
  libtensorflow: string;
}

/** tfjs-node, on its native backend. If it cannot load, the import throws an `Error` with the set-up command. */
export const tf: TensorFlow = loadTensorFlow();

/** Reports the versions of tfjs-node and of libtensorflow that this process uses. */
export function engineReport(): EngineReport {
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  return { tfjsNode: tf.version["tfjs-node"], libtensorflow: binding.TF_Version };
}

function loadTensorFlow(): TensorFlow {
  // tfjs-node 4.22.0 calls this function, which newer versions of Node, and Deno, lack.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null });
  const level = Deno.env.get("TF_CPP_MIN_LOG_LEVEL");
  if (!level) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2"); // errors only
  const restoreStderr = level === "0" ? () => {} : silenceStderr();
  try {
    // Where set-up has put the native library: an import would look in the folder of the program that runs.
    const folder = fileURLToPath(findPackage("@tensorflow/tfjs-node")!);
    return createRequire(folder)(folder);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code === "EACCES") throw new Error(`TensorFlow cannot be read: ${message}`, { cause });
    throw new Error(
      "TensorFlow's native library is not installed, or does not fit this machine: run `deno task setup`",
      { cause },
    );
  } finally {
    restoreStderr();
  }
}

/**
 * Discards stderr until the returned function is called. libtensorflow writes a message while it is being
 * loaded, before it reads TF_CPP_MIN_LOG_LEVEL; later messages obey that variable.
 */
function silenceStderr(): () => void {
  const libc = ({ linux: "libc.so.6", darwin: "libSystem.B.dylib" } as Record<string, string>)[
    Deno.build.os
  ];
  if (!libc) return () => {};
  const { symbols: c } = Deno.dlopen(libc, {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    dup: { parameters: ["i32"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
  });
  const [writeOnly, stderr] = [1, 2];
  const saved = c.dup(stderr);
  const nowhere = c.open(new TextEncoder().encode("/dev/null\0"), writeOnly);
  c.dup2(nowhere, stderr);
  c.close(nowhere);
  return () => {
    c.dup2(saved, stderr);
    c.close(saved);
  };
}
