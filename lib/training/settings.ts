/** What decides how a run goes, in a form that can be saved and compared. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { engineReport } from "../engine/tensorflow.ts";
import { installKernels } from "../engine/kernels.ts";
import type { ImageSet } from "../types.ts";
import type { TrainSettings } from "./train_options.ts";

/** The settings themselves, and digests of what is too large to be saved. */
export async function describeSettings(
  model: LayersModel,
  images: ImageSet,
  { train, validation, teacher, ...settings }: TrainSettings,
): Promise<Record<string, unknown>> {
  const layers = model.layers.map((layer) => [
    layer.getClassName(),
    { ...layer.getConfig(), name: undefined }, // counts the models that this process has made
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
 * Compares the settings of a checkpoint with those of the run that is to go on from it.
 *
 * @throws {RangeError} that names each setting that differs
 */
export function expectSameSettings(
  saved: Record<string, unknown>,
  given: Record<string, unknown>,
): void {
  const differences = Object.keys(given)
    .map((name) => [name, JSON.stringify(saved[name]), JSON.stringify(given[name])])
    .filter(([, wanted, found]) => wanted !== found)
    .map(([name, wanted, found]) => `${name} should be ${wanted ?? "absent"}, found ${found}`);
  if (differences.length > 0) {
    throw new RangeError(`the checkpoint is of another run: ${differences.join("; ")}`);
  }
}

async function digestWeights(model: LayersModel): Promise<string> {
  const values = await Promise.all(model.getWeights().map((weight) => weight.data<"float32">()));
  const bytes = await new Blob(values as BlobPart[]).arrayBuffer();
  return await digest(new Uint8Array(bytes));
}

/** A SHA-256 of bytes, or of a value's JSON, and how many of them there are. */
async function digest(value: Uint8Array | readonly unknown[]): Promise<string> {
  const bytes = value instanceof Uint8Array
    ? value
    : new TextEncoder().encode(JSON.stringify(value));
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return `${value.length}, SHA-256 ${new Uint8Array(hash).toHex()}`;
}
