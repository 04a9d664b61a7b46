/** Describes the settings of a run, so that they can be saved and compared. */
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
    layers: await digest(layers),
    size: images.size,
    photos: await digest(images.pixels),
    labels: await digest(images.samples.map(({ className }) => className)),
    train: await digest(train),
    validation: await digest(validation),
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
  const bytes = await new Blob(values as BlobPart[]).arrayBuffer();
  return await digest(new Uint8Array(bytes));
}

/** Computes the length and the SHA-256 of bytes, or of a value's JSON. */
async function digest(value: Uint8Array | readonly unknown[]): Promise<string> {
  const bytes = value instanceof Uint8Array
    ? value
    : new TextEncoder().encode(JSON.stringify(value));
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return `${value.length}, SHA-256 ${new Uint8Array(hash).toHex()}`;
}
