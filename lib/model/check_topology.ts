/**
 * Checks that a network can be built from its description. TensorFlow.js hangs on an incomplete graph, and
 * allocates as much memory as the sizes demand.
 */

type Json = Record<string, unknown>;
/** An input tensor of a layer: the layer that computes it, the call of that layer, and the output's index. */
type Reference = [layer: string, call: number, tensor: number];

const MOST_LAYERS = 1000;
const MOST_CALLS = 2000;
/** The largest value of each size in a layer's config: more than classifiers of photos need. */
const MOST: Record<string, number> = {
  units: 8192,
  filters: 8192,
  depth_multiplier: 256,
  kernel_size: 256,
  pool_size: 256,
  strides: 256,
  dilation_rate: 256,
};
const MOST_INPUT = 2048;

/**
 * Throws unless a value of `model.json` is valid.
 *
 * @throws {TypeError} if `isRight` is false; the message names the field
 */
export function need(isRight: boolean, field: string, wanted: string, value: unknown): void {
  if (isRight) return;
  const text = JSON.stringify(value) ?? "nothing";
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  throw new TypeError(`${field} must be ${wanted}, got ${shown}`);
}

/** Checks whether a value is an integer in `least`..`most`. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Checks whether a JSON value is an object, not a list. */
export function isObject(value: unknown): value is Json {
  return value instanceof Object && !Array.isArray(value);
}

/**
 * Checks the layers in a `model.json`: names are unique, sizes are within limits, each layer's input exists, and
 * the graph leads from one input to one output without a cycle.
 *
 * @param topology `modelTopology` of a `model.json`.
 * @throws {TypeError} if a field is wrong; the message names it
 * @example
 * ```ts
 * import { checkTopology } from "./check_topology.ts";
 *
 * const dense = { class_name: "Dense", config: { name: "dense", units: 1 } };
 * checkTopology({ class_name: "Sequential", config: { name: "net", layers: [dense] } });
 * ```
 */
export function checkTopology(topology: unknown): void {
  need(isObject(topology), "modelTopology", "an object", topology);
  const { model_config: network = topology } = topology as Json;
  checkNetwork(network, "modelTopology", 0);
}

function checkNetwork(network: unknown, field: string, depth: number): void {
  need(isObject(network) && depth < 5, field, "a network, nested in fewer than 5 others", network);
  const { class_name: kind, config } = network as Json;
  const kinds = ["Sequential", "Model", "Functional"];
  need(kinds.includes(kind as string), `${field}.class_name`, `one of ${kinds.join(", ")}`, kind);
  // Old versions of Keras wrote the layers of a Sequential as a bare list.
  const { layers } = (Array.isArray(config) ? { layers: config } : config ?? {}) as Json;
  const path = `${field}.config${Array.isArray(config) ? "" : ".layers"}`;
  const isList = Array.isArray(layers) && layers.length > 0 && layers.length <= MOST_LAYERS;
  need(isList, path, `a list of 1 to ${MOST_LAYERS} layers`, layers);
  const names = new Set<string>();
  for (const [index, layer] of (layers as unknown[]).entries()) {
    const name = checkLayer(layer, `${path}[${index}]`, depth);
    need(
      !names.has(name),
      `${path}[${index}].config.name`,
      "unique among the layers",
      name,
    );
    names.add(name);
  }
  if (kind !== "Sequential") checkGraph(config as Json, layers as Json[], `${field}.config`);
}

/** @returns the layer's name */
function checkLayer(layer: unknown, field: string, depth: number): string {
  need(isObject(layer), field, "an object", layer);
  const { class_name: kind, config } = layer as Json;
  need(typeof kind === "string", `${field}.class_name`, "a text", kind);
  if (kind === "Sequential" || kind === "Model" || kind === "Functional") {
    checkNetwork(layer, field, depth + 1);
  }
  need(isObject(config), `${field}.config`, "an object", config);
  const { name, batch_input_shape: input } = config as Json;
  const isName = typeof name === "string" && name !== "" && !(name in {});
  need(isName, `${field}.config.name`, "a name", name);
  for (const [key, most] of Object.entries(MOST)) {
    const value = (config as Json)[key] ?? 1;
    const isRight = [value].flat().every((side) => isWhole(side, 1, most));
    need(isRight, `${field}.config.${key}`, `whole numbers from 1 to ${most}`, value);
  }
  const isShape = Array.isArray(input) && input[0] === null &&
    input.slice(1).every((side) => isWhole(side, 1, MOST_INPUT));
  const wanted = `null and whole numbers from 1 to ${MOST_INPUT}`;
  need(input === undefined || isShape, `${field}.config.batch_input_shape`, wanted, input);
  return name as string;
}

/** Checks that the calls of the layers lead from the input to the output, without a gap or a cycle. */
function checkGraph(config: Json, layers: Json[], field: string): void {
  const calls = new Map<string, Reference[][]>();
  for (const [index, layer] of layers.entries()) {
    const { name, inbound_nodes: inbound } = layer;
    const own = (layer.config as Json).name;
    need(name === own, `${field}.layers[${index}].name`, JSON.stringify(own), name);
    const path = `${field}.layers[${index}].inbound_nodes`;
    const least = layer.class_name === "InputLayer" ? 0 : 1;
    const isList = Array.isArray(inbound) && inbound.length >= least && inbound.length <= 100;
    need(isList, path, `a list of ${least} to 100 calls`, inbound);
    // The first call of an input layer, and of a nested network, is the layer itself.
    const isOwn = layer.class_name === "InputLayer" || Array.isArray((layer.config as Json).layers);
    calls.set(name as string, [...isOwn ? [[]] : [], ...inbound as Reference[][]]);
  }
  const all = [...calls.values()].flat();
  need(
    all.length <= MOST_CALLS,
    `${field}.layers`,
    `called at most ${MOST_CALLS} times`,
    all.length,
  );
  const checkReference = (reference: unknown, path: string) => {
    const [layer, call, tensor, options = null] = Array.isArray(reference) ? reference : [];
    const isRight = isWhole(call, 0, (calls.get(layer)?.length ?? 0) - 1) &&
      isWhole(tensor, 0, 99) && (options === null || isObject(options));
    need(isRight, path, "an existing layer, a call of it and an output", reference);
  };
  for (const [index, { inbound_nodes: inbound }] of layers.entries()) {
    for (const [call, references] of (inbound as unknown[]).entries()) {
      const path = `${field}.layers[${index}].inbound_nodes[${call}]`;
      need(
        Array.isArray(references) && references.length > 0,
        path,
        "a list of inputs",
        references,
      );
      for (const [i, it] of (references as unknown[]).entries()) {
        checkReference(it, `${path}[${i}]`);
      }
    }
  }
  for (const ends of ["input_layers", "output_layers"]) {
    const list = config[ends];
    need(Array.isArray(list) && list.length === 1, `${field}.${ends}`, "a list of one layer", list);
    checkReference((list as unknown[])[0], `${field}.${ends}[0]`);
  }
  checkPaths(calls, (config.output_layers as Reference[])[0]!, field);
}

/** Walks from the output back to the input: no call is reached from itself, and none is left out. */
function checkPaths(calls: Map<string, Reference[][]>, output: Reference, field: string): void {
  const [begun, done] = [new Set<Reference[]>(), new Set<Reference[]>()];
  const visit = ([name, call]: Reference) => {
    const inputs = calls.get(name)![call]!;
    if (done.has(inputs)) return;
    need(!begun.has(inputs), `${field}.layers`, "without a cycle", name);
    begun.add(inputs);
    inputs.forEach(visit);
    done.add(inputs);
  };
  visit(output);
  for (const [name, each] of calls) {
    // The first call of a nested network, which is the network itself, leads nowhere.
    const unused = each.find((inputs) => !done.has(inputs) && inputs.length > 0);
    need(unused === undefined, `${field}.layers`, "without a call that leads nowhere", name);
  }
}
