/** What compares the project's kernels with tfjs-node's own. */
import { assertEquals } from "@std/assert";
import { installKernels } from "../../lib/engine/kernels.ts";

/** Runs it with tfjs-node's own kernels. */
export function withStock<T>(run: () => T): T {
  installKernels({ enabled: false });
  try {
    return run();
  } finally {
    installKernels({ enabled: true });
  }
}

/** The largest difference, as a part of the largest expected number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(actual.length, expected.length);
  let difference = 0, largest = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}
