/** Describes the settings of a run, so that they can be saved and compared. */
import { createHash } from "node:crypto";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { engineReport } from "../engine/tensorflow.ts";
import { installKernels } from "../engine/kernels.ts";
import type { ImageSet } from "../types.ts";
import type { TrainSettings } from "./train_options.ts";

/** Lists the settings, with digests of large values. */
export async function describeSettings(
  model: LayersModel,
  images: ImageSet,
  { train, validation, teacher, ...settings }: TrainSettings,
): Promise<Record<string, unknown>> {
  const layers = model.layers.map((layer) => [
    layer.getClassName(),
    { ...layer.getConfig(), name: undefined }, // names depend on the number of models before
  ]);
  return {
    ...settings,
    layers: digest(layers),
    size: images.size,
    photos: digest(images.pixels),
    labels: digest(images.samples.map(({ className }) => className)),
    train: digest(train),
    validation: digest(validation),
    teacher: teacher ? await digestWeights(teacher.model) : "none",
    kernels: installKernels(),
    libtensorflow: engineReport().libtensorflow,
  };
}

/**
 * Compares the settings of a checkpoint with those of the resumed run.
 *
 * @throws {RangeError} if a setting differs; the message names each
 */
export function expectSameSettings(
  saved: Record<string, unknown>,
  given: Record<string, unknown>,
): void {
  const differences = Object.keys(given)
    .map((name) => [name, JSON.stringify(saved[name]), JSON.stringify(given[name])])
    .filter(([, wanted, found]) => wanted !== found)
    .map(([name, wanted, found]) => `${name} must be ${wanted ?? "absent"}, got ${found}`);
  if (differences.length > 0) {
    throw new RangeError(`the checkpoint is of another run: ${differences.join("; ")}`);
  }
}

async function digestWeights(model: LayersModel): Promise<string> {
  const values = await Promise.all(model.getWeights().map((weight) => weight.data<"float32">()));
  return digest(new Uint8Array(await new Blob(values as BlobPart[]).arrayBuffer()));
}

/** Of this many bytes at a time: all photos at once would be copied. */
const CHUNK_BYTES = 2 ** 26;

/** Computes the length and the SHA-256 of bytes, or of a value's JSON. */
function digest(value: Uint8Array | readonly unknown[]): string {
  const bytes = value instanceof Uint8Array
    ? value
    : new TextEncoder().encode(JSON.stringify(value));
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    hash.update(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return `${value.length}, SHA-256 ${hash.digest("hex")}`;
}
