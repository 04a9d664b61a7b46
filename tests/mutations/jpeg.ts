/** Ways to damage a JPEG file by what its segments say. */
import {
  below,
  type Bytes,
  edit,
  EXTREMES,
  join,
  type Mutate,
  noise,
  pick,
  setField,
  SIDES,
} from "./bytes.ts";

/** The segments up to the scan, marker first, and the rest; joined, they are the file again. */
function splitJpeg(bytes: Bytes): Bytes[] {
  const view = new DataView(bytes.buffer), parts = [bytes.slice(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + view.getUint16(at + 2);
    parts.push(bytes.slice(at, end));
    at = end;
  }
  return [...parts, bytes.slice(at)];
}

const isFrame = (segment: Bytes) =>
  [0xc0, 0xc1, 0xc2].includes(segment[1]!) && segment.length >= 10;

/** Changes the segment that says how large the picture is. */
function editFrame(bytes: Bytes, set: (view: DataView) => void): Bytes {
  return join(...splitJpeg(bytes).map((part) => isFrame(part) ? edit(part, set) : part));
}

export const JPEG_WAYS: Record<string, Mutate> = {
  segmentLength: (bytes, random) => {
    const parts = splitJpeg(bytes), place = 1 + below(parts.length - 1, random);
    return join(
      ...parts.with(
        place,
        edit(parts[place]!, (view) => setField(view, 2, 2, pick(EXTREMES, random))),
      ),
    );
  },
  frameSize: (bytes, random) =>
    editFrame(bytes, (view) => {
      for (const at of pick([[5], [7], [5, 7]], random)) setField(view, at, 2, pick(SIDES, random));
    }),
  frameComponents: (bytes, random) =>
    editFrame(bytes, (view) => {
      const at = pick([4, 9, 11, 12, 14], random); // depth, number, sampling, table, sampling
      setField(view, at, 1, pick([0, 1, 2, 4, 8, 12, 0x11, 0x44, 0xff], random));
    }),
  /** Coefficients of the whole picture are held in memory for a progressive one. */
  progressive: (bytes, random) => {
    const parts = splitJpeg(bytes);
    return join(...parts.map((part) =>
      isFrame(part)
        ? edit(part, (view) => {
          setField(view, 1, 1, pick([0xc1, 0xc2, 0xc3, 0xc9, 0xca], random));
          for (const at of [5, 7]) setField(view, at, 2, pick(SIDES, random));
        })
        : part
    ));
  },
  dropSegment: (bytes, random) => {
    const parts = splitJpeg(bytes);
    return join(...parts.toSpliced(below(parts.length, random), 1));
  },
  repeatSegment: (bytes, random) => {
    const parts = splitJpeg(bytes), place = below(parts.length, random);
    const times = pick([1, 3, 200], random);
    return join(...parts.toSpliced(place, 0, ...Array(times).fill(parts[place])));
  },
  otherScan: (bytes, _, other) =>
    join(...splitJpeg(bytes).slice(0, -1), splitJpeg(other).at(-1) ?? []),
  exif: (bytes, random) => {
    const text = [
      0x45,
      0x78,
      0x69,
      0x66,
      0,
      0,
      ...pick([[0x49, 0x49, 42, 0], [0x4d, 0x4d, 0, 42]], random),
    ];
    const body = join(text, noise(below(200, random), random));
    return join(
      bytes.subarray(0, 2),
      [0xff, 0xe1, body.length + 2 >> 8, body.length + 2 & 255],
      body,
      bytes.subarray(2),
    );
  },
};
