/** Requests memory for tensors in pages of 2 MB on Linux. */
import { tf } from "../tensorflow.ts";
import { attribute, runOp } from "../native_ops.ts";

/** A training step of the walkthrough's CNN takes a quarter of this, with batches of 32. */
const RESERVED_BYTES = 2 ** 31;
const MADV_HUGEPAGE = 14;

let isReserved = false;

/**
 * Makes TensorFlow reserve address space for its tensors, and requests huge pages for it. Memory is allocated
 * when a tensor first uses it, not here. Runs once per process and cannot be undone.
 *
 * @throws {Error} if the system is not Linux, the reserve is not found, or the pages are refused
 */
export function reserveHugePages(): void {
  if (isReserved) return;
  const libc = Deno.dlopen("libc.so.6", {
    madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  });
  try {
    tf.tidy(() => {
      const types = [attribute.type("dtype"), attribute.bool("init", false)];
      runOp("Empty", types, [tf.tensor1d([RESERVED_BYTES / 4], "int32")]);
      const blocks = readBlocks().filter(({ size }) => size >= RESERVED_BYTES);
      if (blocks.length === 0) throw new Error("TensorFlow has not reserved memory");
      for (const { start, size } of blocks) {
        if (libc.symbols.madvise(BigInt(start), BigInt(size), MADV_HUGEPAGE) !== 0) {
          throw new Error("the system refused huge pages");
        }
      }
    });
    isReserved = true;
  } finally {
    libc.close();
  }
}

/** Lists the writable memory of this process that does not belong to a file. */
function readBlocks(): { start: number; size: number }[] {
  const lines = Deno.readTextFileSync("/proc/self/maps").matchAll(
    /^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$/gm,
  );
  return Array.from(lines, ([, from, to]) => {
    const start = parseInt(from!, 16);
    return { start, size: parseInt(to!, 16) - start };
  });
}
