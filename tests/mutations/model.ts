/**
 * Loads a saved model with one fault each, in a process of its own: a hang or a crash is then its own too.
 * Names each fault on stderr before it is tried, and prints a {@linkcode ModelReport} as JSON.
 *
 * Usage: model.ts MODEL_FOLDER COUNT SEED
 */
import { join } from "node:path";
import { tf } from "../../lib/engine/tensorflow.ts";
import { predictImages } from "../../lib/model/predict_images.ts";
import { loadClassifier } from "../../lib/model/saved_model.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Random } from "../../lib/types.ts";
import { makeImageSet, withFolder } from "../fixtures/photos.ts";
import { below, pick } from "./bytes.ts";

/** What came of the faults of one kind. */
export interface Outcomes {
  refused: number;
  /** Loaded, with the same answers. */
  same: number;
  /** Loaded, with other answers that are probabilities. */
  other: number;
  /** What must never be, a line each. */
  faults: string[];
  slowestMs: number;
}

/** Of faults in the text, in the same text without digests, and in the weights. */
export type ModelReport = Record<"json" | "unsigned" | "weights", Outcomes>;

type Json = Record<string, unknown>;
/** Where a value stands: in this object or list, at this key. */
type Place = [holder: Json, key: string];

/** Changes one value of the JSON; gives what was done. */
function mutateJson(root: Json, random: Random): string {
  const places: Place[] = [];
  const visit = (holder: Json) => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key]);
      if (holder[key] instanceof Object) visit(holder[key] as Json);
    }
  };
  visit(root);
  // Half of them where the graph or a size is said: there are many more names and initializers.
  const telling = places.filter(([holder, key]) =>
    Array.isArray(holder) || /name|inbound|input|output|size|stride|rate|filters|units/.test(key)
  );
  const [holder, key] = pick(random() < 0.5 ? telling : places, random);
  const old = holder[key];
  const [other, otherKey] = pick(places, random);
  const ways: Record<string, () => unknown> = {
    removed: () => undefined,
    null: () => null,
    zero: () => 0,
    negative: () => -1,
    huge: () => 1e9,
    fraction: () => 0.5,
    list: () => [old],
    empty: () => Array.isArray(old) ? [] : typeof old === "string" ? "" : {},
    other: () => other[otherKey],
    double: () => Array.isArray(old) ? [...old, ...old] : old,
    reversed: () => Array.isArray(old) ? old.toReversed() : old,
    letter: () => typeof old === "string" ? `${old.slice(0, -1)}~` : old,
    more: () => typeof old === "number" ? old + 1 : !old,
  };
  const [name, way] = pick(Object.entries(ways), random);
  const value = way();
  if (value !== undefined) holder[key] = structuredClone(value);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return `${key} ${name}: ${JSON.stringify(old)?.slice(0, 80)} -> ${
    JSON.stringify(value)?.slice(0, 80)
  }`;
}

/** Flips one bit, or puts what belongs to one place into another. */
function mutateWeights(bytes: Uint8Array, random: Random): string {
  const at = below(bytes.length, random);
  if (random() < 0.8) {
    bytes[at]! ^= 1 << below(8, random);
    return `bit flipped at ${at}`;
  }
  const length = 4 * (1 + below(64, random));
  bytes.copyWithin(at, below(bytes.length - length, random), at + length);
  bytes[at]! ^= 1; // what was copied may be the same
  return `${length} bytes copied to ${at}`;
}

async function main(source: string, count: number, seed: number) {
  const random = seededRandom(seed);
  const text = await Deno.readTextFile(join(source, "model.json"));
  const weights = await Deno.readFile(join(source, "weights.bin"));
  const images = makeImageSet(2, JSON.parse(text).userDefinedMetadata.size);
  await withFolder(async (folder) => {
    const file = join(folder, "model.json");
    const answer = async () => {
      const { model } = await loadClassifier(folder, { onWarning() {} });
      const scores = await predictImages(model, images).finally(() => model.dispose());
      if (!scores.every((score) => score >= 0 && score <= 1)) throw new Error(`answered ${scores}`);
      return String(scores);
    };
    const write = async (json: unknown, bytes: Uint8Array) => {
      await Deno.writeTextFile(file, JSON.stringify(json));
      await Deno.writeFile(join(folder, "weights.bin"), bytes);
    };
    await write(JSON.parse(text), weights);
    const right = await answer();
    const report = {} as ModelReport;
    for (const kind of ["json", "unsigned", "weights"] as const) {
      const outcomes: Outcomes = { refused: 0, same: 0, other: 0, faults: [], slowestMs: 0 };
      for (let i = 0; i < count; i++) {
        const [json, bytes] = [JSON.parse(text), weights.slice()];
        if (kind === "unsigned") delete json.userDefinedMetadata.sha256;
        const done = kind === "weights" ? mutateWeights(bytes, random) : mutateJson(json, random);
        console.error(kind, i, done);
        await write(json, bytes);
        const [began, tensors] = [performance.now(), tf.memory().numTensors];
        try {
          if (await answer() === right) outcomes.same++;
          else outcomes.other++;
        } catch (error) {
          const { message } = error as Error;
          if (message.includes(file)) outcomes.refused++;
          else outcomes.faults.push(`${done}: ${message}`);
        }
        const left = tf.memory().numTensors - tensors;
        if (left !== 0) outcomes.faults.push(`${done}: ${left} tensors are left`);
        outcomes.slowestMs = Math.max(outcomes.slowestMs, performance.now() - began);
      }
      report[kind] = outcomes;
    }
    console.log(JSON.stringify(report));
  });
}

if (import.meta.main) {
  const [source = "", count, seed] = Deno.args;
  await main(source, Number(count), Number(seed));
}
