/** Ways to damage a PNG file by what its chunks say, with checksums that are right. */
import { crc32, deflateSync } from "node:zlib";
import {
  below,
  BYTE_WAYS,
  type Bytes,
  edit,
  EXTREMES,
  join,
  type Mutate,
  pick,
  setField,
  SIDES,
} from "./bytes.ts";

interface Chunk {
  type: string;
  data: Bytes;
}

const PNG_SIGNATURE_BYTES = 8;

function splitPng(bytes: Bytes): Chunk[] {
  const view = new DataView(bytes.buffer), chunks: Chunk[] = [];
  for (let at = PNG_SIGNATURE_BYTES; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.slice(at + 8, end) });
    at = end + 4;
  }
  return chunks;
}

/** The chunks as a file whose checksums are right, so that decoders read on. */
function joinPng(bytes: Bytes, chunks: Chunk[]): Bytes {
  return join(
    bytes.subarray(0, PNG_SIGNATURE_BYTES),
    ...chunks.map(({ type, data }) => {
      const name = Uint8Array.from(type, (char) => char.charCodeAt(0));
      const chunk = join(new Uint8Array(4), name, data, new Uint8Array(4));
      return edit(chunk, (view) => {
        view.setUint32(0, data.length);
        view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, -4)));
      });
    }),
  );
}

/** Changes the header: width, height, depth, colour type, compression, filter, interlace. */
function editHeader(bytes: Bytes, set: (view: DataView) => void): Bytes {
  return joinPng(
    bytes,
    splitPng(bytes).map((chunk) =>
      chunk.type === "IHDR" ? { ...chunk, data: edit(chunk.data, set) } : chunk
    ),
  );
}

const BOMB = Uint8Array.from(deflateSync(new Uint8Array(2 ** 26)));
const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const PNG_WAYS: Record<string, Mutate> = {
  headerSize: (bytes, random) =>
    editHeader(bytes, (view) => {
      const sides = [...SIDES, 100_000, 2 ** 31 - 1, 2 ** 32 - 1];
      for (const at of pick([[0], [4], [0, 4]], random)) setField(view, at, 4, pick(sides, random));
    }),
  headerKind: (bytes, random) =>
    editHeader(bytes, (view) => {
      setField(view, 8 + below(5, random), 1, pick([0, 1, 2, 3, 4, 6, 8, 16, 32, 255], random));
    }),
  chunkLength: (bytes, random) => {
    const chunks = splitPng(bytes), place = below(chunks.length, random);
    const at = PNG_SIGNATURE_BYTES +
      chunks.slice(0, place).reduce((sum, { data }) => sum + data.length + 12, 0);
    return edit(bytes, (view) => setField(view, at, 4, pick(EXTREMES, random)));
  },
  chunkType: (bytes, random) => {
    const chunks = splitPng(bytes);
    if (chunks.length === 0) return bytes;
    const place = below(chunks.length, random);
    const types = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "iCCP", "eXIf", "gAMA", "acTL", "abcd"];
    return joinPng(bytes, chunks.with(place, { ...chunks[place]!, type: pick(types, random) }));
  },
  dropChunk: (bytes, random) => {
    const chunks = splitPng(bytes);
    return joinPng(bytes, chunks.toSpliced(below(chunks.length, random), 1));
  },
  repeatChunk: (bytes, random) => {
    const chunks = splitPng(bytes), place = below(chunks.length, random);
    const again = chunks.slice(place, place + 1);
    return joinPng(bytes, chunks.toSpliced(below(chunks.length, random), 0, ...again));
  },
  chunkData: (bytes, random, other) => {
    const chunks = splitPng(bytes);
    if (chunks.length === 0) return bytes;
    const place = below(chunks.length, random), { type, data } = chunks[place]!;
    const [, way] = pick(Object.entries(BYTE_WAYS), random);
    return joinPng(bytes, chunks.with(place, { type, data: way(data, random, other) }));
  },
  /** 64 MiB in 64 KB: of pixels, of a text, or of a colour profile. */
  bomb: (bytes, random) => {
    const chunks = splitPng(bytes), type = pick(["IDAT", "zTXt", "iCCP"], random);
    const data = type === "IDAT" ? BOMB : join(latin("bomb\0\0"), BOMB);
    return joinPng(bytes, chunks.toSpliced(1, type === "IDAT" ? 1 : 0, { type, data }));
  },
};
