/** Saves an unfinished training run to a file, atomically, and loads it. */
import { readRegularFile, writeWhole } from "../files.ts";
import type { History } from "../types.ts";

/** The complete state of a run, to resume it exactly. */
export interface Checkpoint {
  /** The settings of the run; a resumed run must have the same. */
  settings: Record<string, unknown>;
  progress: TrainProgress;
  /** The model's weights, those of the best epoch, and the optimizer's state, by name. */
  tensors: Record<string, StoredTensor>;
}

/** The state of a run between two batches. */
export interface TrainProgress {
  /** The epoch in progress, from 1. */
  epoch: number;
  /** Batches done in this epoch. */
  batch: number;
  /** Number of photos in this epoch so far, and the sums over them. */
  seen: number;
  lossSum: number;
  accuracySum: number;
  /** The metrics of the completed epochs. */
  history: History;
  /** The epoch of the lowest validation loss, from 1; 0 before the first epoch is complete. */
  bestEpoch: number;
  /** The number of masks that each dropout layer has drawn. */
  dropoutSteps: number[];
}

/** A tensor's values, row by row. */
export interface StoredTensor {
  dtype: "float32" | "int32";
  shape: number[];
  values: Float32Array | Int32Array;
}

const FORMAT = "face-mask-checkpoint-1";
const DTYPES = { float32: "F32", int32: "I32" } as const;
/** The last tensor of the file: the digest of all the bytes before it. */
const DIGEST = "sha256";
const DIGEST_BYTES = 32;
/** Of a checkpoint; one of the largest recipe has 60 MB. */
const MAX_BYTES = 2 ** 31;

/** The metadata of a checkpoint file; the format allows strings only. */
interface Metadata {
  format: string;
  settings: string;
  progress: string;
}

/** The entry of a tensor; offsets are relative to the end of the header. */
interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [from: number, to: number];
}

/**
 * Writes the checkpoint as a safetensors file, which Python reads too, with a SHA-256 digest. The file is
 * replaced atomically: if the process is killed, the old or the new checkpoint remains, complete.
 *
 * Source of the format: https://huggingface.co/docs/safetensors
 *
 * @throws {Error} if it cannot be written, with the system's error as the cause
 * @example
 * ```ts
 * import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
 *
 * const file = `${Deno.makeTempDirSync()}/cnn.checkpoint`;
 * const history = { loss: [], accuracy: [], valLoss: [], valAccuracy: [] };
 * const sums = { seen: 32, lossSum: 21.3, accuracySum: 20 };
 * await saveCheckpoint(file, {
 *   settings: { seed: 42 },
 *   progress: { epoch: 1, batch: 1, ...sums, history, bestEpoch: 0, dropoutSteps: [1, 1] },
 *   tensors: { "model/bias": { dtype: "float32", shape: [2], values: new Float32Array([1, 2]) } },
 * });
 * console.log(await loadCheckpoint(file));
 * ```
 */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  try {
    await writeWhole(file, await encode(checkpoint));
  } catch (cause) {
    throw new Error(`${file} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads a checkpoint that {@linkcode saveCheckpoint} wrote.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {Deno.errors.InvalidData} if it is damaged, or not a checkpoint
 * @example
 * ```ts
 * import { loadCheckpoint } from "./checkpoint.ts";
 *
 * await loadCheckpoint("no/such.checkpoint").catch((error) => console.log(error.message));
 * ```
 */
export async function loadCheckpoint(file: string): Promise<Checkpoint> {
  const bytes = await readRegularFile(file, MAX_BYTES).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(`there is no checkpoint ${file} to resume`, { cause });
  });
  const end = bytes.length - DIGEST_BYTES;
  const digest = await sha256(bytes.subarray(0, Math.max(end, 0)));
  if (digest.some((byte, i) => byte !== bytes[end + i])) {
    throw new Deno.errors.InvalidData(
      `${file} is damaged, or not a checkpoint: its last ${DIGEST_BYTES} bytes are not the SHA-256 of the others`,
    );
  }
  return decode(bytes, file);
}

async function encode({ settings, progress, tensors }: Checkpoint): Promise<Uint8Array> {
  const metadata: Metadata = {
    format: FORMAT,
    settings: JSON.stringify(settings),
    progress: JSON.stringify(progress),
  };
  const entries: Record<string, TensorEntry> = {};
  let end = 0;
  const allocate = (bytes: number): [number, number] => [end, end += bytes];
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    entries[name] = { dtype: DTYPES[dtype], shape, data_offsets: allocate(values.byteLength) };
  }
  entries[DIGEST] = { dtype: "U8", shape: [DIGEST_BYTES], data_offsets: allocate(DIGEST_BYTES) };

  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...entries }));
  const headerLength = Math.ceil(text.length / 8) * 8; // so that the tensors are aligned
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength).set(text, 8);
  let start = 8 + headerLength;
  for (const { values: { buffer, byteOffset, byteLength } } of Object.values(tensors)) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
    start += byteLength;
  }
  bytes.set(await sha256(bytes.subarray(0, start)), start);
  return bytes;
}

/** Reads the bytes of a checkpoint after its digest was verified. */
function decode(bytes: Uint8Array<ArrayBuffer>, file: string): Checkpoint {
  const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + headerLength));
  const { __metadata__, [DIGEST]: _, ...rest } = JSON.parse(text);
  const metadata: Metadata = __metadata__;
  const entries: Record<string, TensorEntry> = rest;
  if (metadata.format !== FORMAT) {
    throw new Deno.errors.InvalidData(
      `the format of ${file} must be ${FORMAT}, got ${metadata.format}`,
    );
  }
  const tensors: Checkpoint["tensors"] = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const range = [bytes.buffer, 8 + headerLength + from, (to - from) / 4] as const;
    tensors[name] = dtype === DTYPES.float32
      ? { dtype: "float32", shape, values: new Float32Array(...range) }
      : { dtype: "int32", shape, values: new Int32Array(...range) };
  }
  return {
    settings: JSON.parse(metadata.settings),
    progress: JSON.parse(metadata.progress),
    tensors,
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
