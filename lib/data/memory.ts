/** How much memory photos need, before they are read. */
import { type OnProgress, plural } from "../types.ts";

/** What is kept for each photo beside its pixels: a thumbnail to compare, a path, a label. */
const BYTES_BESIDE = 6000;
/** From here on the need is said. */
const LARGE = 1e9;

/**
 * Says how much memory so many photos need, if that is much, and refuses what does not fit.
 *
 * @param size Side of the square photos in pixels.
 * @param available In bytes. @default what the system has, where it may be asked
 * @throws {RangeError} if they need more than there is
 * @example
 * ```ts
 * import { checkMemory } from "./memory.ts";
 *
 * await checkMemory(3448, 128); // 0.2 GB
 * ```
 */
export async function checkMemory(
  count: number,
  size: number,
  onProgress?: OnProgress,
  available: number = findAvailable(),
): Promise<void> {
  const needed = count * (size ** 2 * 3 + BYTES_BESIDE);
  const photos = plural(count, "photo");
  if (needed > available) {
    throw new RangeError(
      `${photos} would need ${gigabytes(needed)} of memory, and ${
        gigabytes(available)
      } are free: ` +
        "give fewer photos, or use a machine with more memory",
    );
  }
  if (needed >= LARGE) {
    await onProgress?.({ stage: `${photos} in ${gigabytes(needed)} of memory`, done: 0 });
  }
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Infinity where the system may not be asked. */
function findAvailable(): number {
  try {
    return Deno.systemMemoryInfo().available;
  } catch {
    return Infinity;
  }
}
