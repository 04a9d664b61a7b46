/** Ways to damage any file, and what those of the formats are made of. */
import type { Random } from "../../lib/types.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Gives a damaged copy; `other` is another file of the same kind. */
export type Mutate = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

/** What lengths, sizes, offsets and counts are set to. */
export const EXTREMES = [
  0,
  1,
  2,
  8,
  0x7f,
  0xff,
  0x7fff,
  0xfffe,
  0xffff,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 32 - 1,
];

/** What the sides of pictures are set to. */
export const SIDES = [0, 1, 7, 9, 1000, 5000, 11_000, 20_000, 32_768, 65_500, 65_535];

export const below = (end: number, random: Random): number => Math.floor(random() * end);
export const pick = <T>(items: readonly T[], random: Random): T =>
  items[below(items.length, random)]!;
export const noise = (length: number, random: Random): Bytes =>
  Uint8Array.from({ length }, () => below(256, random));

export function join(...parts: (ArrayLike<number>)[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/** A copy in which `set` may write. */
export function edit(bytes: Bytes, set: (view: DataView, copy: Bytes) => void): Bytes {
  const copy = bytes.slice();
  set(new DataView(copy.buffer), copy);
  return copy;
}

/** Two places in the file, the first not behind the second. */
function cut(bytes: Bytes, random: Random, longest = bytes.length): [from: number, to: number] {
  const from = below(bytes.length + 1, random);
  return [from, Math.min(bytes.length, from + below(longest + 1, random))];
}

/** Sets a field of 1, 2 or 4 bytes, if it lies within the file. */
export function setField(
  view: DataView,
  at: number,
  size: number,
  value: number,
  little = false,
): void {
  if (at < 0 || at + size > view.byteLength) return;
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value, little);
  else view.setUint32(at, value, little);
}

export const BYTE_WAYS: Record<string, Mutate> = {
  flipBits: (bytes, random) =>
    edit(bytes, (_, copy) => {
      for (let left = 1 + below(16, random); left > 0 && copy.length > 0; left--) {
        copy[below(copy.length, random)]! ^= 1 << below(8, random);
      }
    }),
  overwrite: (bytes, random) => {
    const [from, to] = cut(bytes, random, 64);
    return edit(bytes, (_, copy) => copy.set(noise(to - from, random), from));
  },
  zero: (bytes, random) => edit(bytes, (_, copy) => copy.fill(0, ...cut(bytes, random, 2000))),
  truncate: (bytes, random) => bytes.slice(0, below(bytes.length, random)),
  insert: (bytes, random) => {
    const [at] = cut(bytes, random);
    return join(bytes.subarray(0, at), noise(1 + below(64, random), random), bytes.subarray(at));
  },
  repeat: (bytes, random) => {
    const [from, to] = cut(bytes, random);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  remove: (bytes, random) => {
    const [from, to] = cut(bytes, random, 200);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  splice: (bytes, random, other) =>
    join(bytes.subarray(0, cut(bytes, random)[0]), other.subarray(cut(other, random)[0])),
  setLength: (bytes, random) =>
    edit(bytes, (view) => {
      const size = pick([2, 4], random);
      setField(view, below(bytes.length, random), size, pick(EXTREMES, random), random() < 0.5);
    }),
};
