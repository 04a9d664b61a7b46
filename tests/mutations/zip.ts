/** Ways to damage a zip archive by what its directory says. */
import type { Random } from "../../lib/types.ts";
import { type Bytes, edit, EXTREMES, type Mutate, pick, setField } from "./bytes.ts";

const END = 0x06054b50, ENTRY = 0x02014b50;
const END_BYTES = 22;
/** Where the fields of a record stand, and their sizes. */
type Fields = [at: number, size: number][];
const END_FIELDS: Fields = [[4, 2], [6, 2], [8, 2], [10, 2], [12, 4], [16, 4], [20, 2]];
/** Flags, method, checksum, both sizes, lengths of name, extra field and comment, disk, offset. */
const ENTRY_FIELDS: Fields = [
  [8, 2],
  [10, 2],
  [16, 4],
  [20, 4],
  [24, 4],
  [28, 2],
  [30, 2],
  [32, 2],
  [
    34,
    2,
  ],
  [42, 4],
];
const LOCAL_FIELDS: Fields = [[6, 2], [8, 2], [14, 4], [18, 4], [22, 4], [26, 2], [28, 2]];

/** The name of a file that an archive must not write, in the system's folder of temporary files. */
export const ESCAPED = "face-mask-escaped";
const NAMES = [
  `/tmp/${ESCAPED}`,
  `../../../../../../../../../../tmp/${ESCAPED}`,
  `../${ESCAPED}`,
  `a/../../${ESCAPED}`,
  `..\\${ESCAPED}`,
  `C:\\${ESCAPED}`,
  "./././.",
  "a//b",
  "a\0b",
  "\x1b[2Ja",
  "CON",
  ".unpacked",
];

/** Where the records stand of the entries that the directory lists. */
function findEntries(bytes: Bytes): { entry: number; local: number }[] {
  const view = new DataView(bytes.buffer), entries: { entry: number; local: number }[] = [];
  const end = bytes.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END) return entries;
  let at = view.getUint32(end + 16, true);
  while (at + 46 <= end && view.getUint32(at, true) === ENTRY) {
    entries.push({ entry: at, local: view.getUint32(at + 42, true) });
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  return entries;
}

/** Changes an entry in the directory and where its bytes are, or leaves a file that has none. */
function editEntry(
  bytes: Bytes,
  random: Random,
  set: (view: DataView, place: { entry: number; local: number }, copy: Bytes) => void,
): Bytes {
  const entries = findEntries(bytes);
  if (entries.length === 0) return bytes;
  return edit(bytes, (view, copy) => set(view, pick(entries, random), copy));
}

function setOne(view: DataView, record: number, fields: Fields, random: Random): void {
  const [at, size] = pick(fields, random);
  const near = random() < 0.5 && record + at + size <= view.byteLength;
  const old = near ? view.getUint8(record + at) : 0;
  setField(view, record + at, size, near ? old + 1 : pick(EXTREMES, random), true);
}

export const ZIP_WAYS: Record<string, Mutate> = {
  end: (bytes, random) =>
    edit(bytes, (view) => setOne(view, bytes.length - END_BYTES, END_FIELDS, random)),
  entry: (bytes, random) =>
    editEntry(bytes, random, (view, { entry }) => setOne(view, entry, ENTRY_FIELDS, random)),
  local: (bytes, random) =>
    editEntry(bytes, random, (view, { local }) => setOne(view, local, LOCAL_FIELDS, random)),
  /** In both places, so that they agree. */
  bothSizes: (bytes, random) =>
    editEntry(bytes, random, (view, { entry, local }) => {
      const value = pick(EXTREMES, random);
      setField(view, entry + 24, 4, value, true);
      setField(view, local + 22, 4, value, true);
    }),
  name: (bytes, random) =>
    editEntry(bytes, random, (view, { entry, local }, copy) => {
      const length = view.getUint16(entry + 28, true);
      const name = pick(NAMES, random).padEnd(length, "x").slice(0, length);
      const text = Uint8Array.from(name, (char) => char.charCodeAt(0));
      for (const at of [entry + 46, local + 30]) {
        if (at + length <= copy.length) copy.set(text, at);
      }
    }),
  sameName: (bytes, random) =>
    editEntry(bytes, random, (view, { entry, local }, copy) => {
      const other = pick(findEntries(bytes), random).entry;
      const length = view.getUint16(entry + 28, true);
      const name = copy.slice(other + 46, other + 46 + length);
      for (const at of [entry + 46, local + 30]) if (at + length <= copy.length) copy.set(name, at);
    }),
  /** A link, a device, a pipe, a folder. */
  kind: (bytes, random) =>
    editEntry(bytes, random, (view, { entry }) => {
      const mode = pick([0o120777, 0o060666, 0o010666, 0o040755, 0o140777], random);
      setField(view, entry + 4, 2, 0x0314, true); // made on Unix
      setField(view, entry + 38, 4, mode * 2 ** 16, true);
    }),
  sameBytes: (bytes, random) =>
    editEntry(bytes, random, (view, { entry }) => {
      setField(view, entry + 42, 4, pick(findEntries(bytes), random).local, true);
    }),
};
