/** Reads convolutions out of an ONNX file: those of a network that we go on training. */
import { PbfReader } from "npm:pbf@5.1.2";

/** A convolution as PyTorch lays it out. */
export interface OnnxConvolution {
  kind: "full" | "depthwise" | "transposed";
  /** Of `weights`: `[to, from, rows, columns]`, or `[from, to, rows, columns]` where it is transposed. */
  shape: number[];
  weights: Float32Array;
  bias: Float32Array;
}

interface Values {
  name: string;
  shape: number[];
  values: Float32Array;
}
interface Node {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, number>;
}

/**
 * Reads the convolutions of an ONNX file, in the order in which they run. Batch normalization after a
 * transposed convolution is folded into it.
 *
 * Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 *
 * @throws {TypeError} if the file is no ONNX file, or a convolution lacks its weights
 */
export function readOnnxConvolutions(bytes: Uint8Array): OnnxConvolution[] {
  let values = new Map<string, Values>(), nodes: Node[] = [];
  try {
    new PbfReader(bytes).readFields((field, _, pbf) => {
      if (field !== 7) return;
      ({ values, nodes } = pbf.readMessage(readGraph, { values, nodes }));
    }, undefined);
  } catch (cause) {
    throw new TypeError(`the file must be an ONNX file: ${(cause as Error).message}`, { cause });
  }
  const take = (name: string | undefined): Values => {
    const found = values.get(name ?? "");
    if (!found) throw new TypeError(`the ONNX file must hold the weights ${name}, got none`);
    return found;
  };
  return nodes.filter(({ op }) => op === "Conv" || op === "ConvTranspose").map((node) => {
    const { shape, values: weights } = take(node.inputs[1]);
    if (node.op === "Conv") {
      const kind = (node.attributes.get("group") ?? 1) > 1 ? "depthwise" : "full";
      return { kind, shape, weights, bias: take(node.inputs[2]).values };
    }
    const norm = nodes.find(({ op, inputs }) =>
      op === "BatchNormalization" && inputs[0] === node.outputs[0]
    );
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => take(norm?.inputs[i]).values);
    const epsilon = norm!.attributes.get("epsilon") ?? 1e-5;
    const factors = gamma!.map((value, i) => value / Math.sqrt(variance![i]! + epsilon));
    const area = shape[2]! * shape[3]!, to = shape[1]!;
    return {
      kind: "transposed",
      shape,
      weights: weights.map((value, i) => value * factors[Math.floor(i / area) % to]!),
      bias: beta!.map((value, i) => value - mean![i]! * factors[i]!),
    };
  });
}

function readGraph(
  field: number,
  graph: { values: Map<string, Values>; nodes: Node[] },
  pbf: PbfReader,
): void {
  if (field === 1) {
    graph.nodes.push(
      pbf.readMessage(readNode, { op: "", inputs: [], outputs: [], attributes: new Map() }),
    );
  } else if (field === 5) {
    const tensor = pbf.readMessage(readTensor, {
      name: "",
      shape: [],
      values: new Float32Array(),
    });
    graph.values.set(tensor.name, tensor);
  }
}

function readNode(field: number, node: Node, pbf: PbfReader): void {
  if (field === 1) node.inputs.push(pbf.readString());
  else if (field === 2) node.outputs.push(pbf.readString());
  else if (field === 4) node.op = pbf.readString();
  else if (field === 5) {
    const { name, value } = pbf.readMessage(readAttribute, { name: "", value: NaN });
    node.attributes.set(name, value);
  }
}

function readAttribute(
  field: number,
  attribute: { name: string; value: number },
  pbf: PbfReader,
): void {
  if (field === 1) attribute.name = pbf.readString();
  else if (field === 2) attribute.value = pbf.readFloat();
  else if (field === 3) attribute.value = pbf.readVarint();
}

function readTensor(field: number, tensor: Values, pbf: PbfReader): void {
  if (field === 1) pbf.readPackedVarint(tensor.shape);
  else if (field === 4) tensor.values = Float32Array.from(pbf.readPackedFloat());
  else if (field === 8) tensor.name = pbf.readString();
  else if (field === 9) {
    const bytes = pbf.readBytes();
    if (bytes.length % 4 === 0) tensor.values = new Float32Array(bytes.slice().buffer);
  }
}
