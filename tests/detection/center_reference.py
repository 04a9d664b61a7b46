"""Prints what ONNX Runtime gives for the shipped detector's weights in CenterFace's own graph.

pip install onnx==1.23.2 onnxruntime==1.32.0
python tests/detection/center_reference.py centerface.onnx models/face-detector
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

graph_file, folder = sys.argv[1:]
saved = json.load(open(f"{folder}/model.json"))
data = open(f"{folder}/weights.bin", "rb").read()
ours, offset = {}, 0
for spec in saved["weightsManifest"][0]["weights"]:
    count = int(np.prod(spec["shape"]))
    values = np.frombuffer(data, "<f2", count, offset).astype("f4")
    ours[spec["name"]] = values.reshape(spec["shape"])
    offset += 2 * count

model = onnx.load(graph_file)
graph = model.graph
initializers = {it.name: it for it in graph.initializer}
norms = {it.input[0]: it for it in graph.node if it.op_type == "BatchNormalization"}


def put(name, values):
    initializers[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), name))


number = 0
for node in graph.node:
    if node.op_type not in ("Conv", "ConvTranspose") or f"conv{number}/bias" not in ours:
        continue
    depthwise = ours.get(f"conv{number}/depthwise_kernel")
    bias = ours[f"conv{number}/bias"]
    if depthwise is not None:
        put(node.input[1], depthwise.transpose(2, 3, 0, 1))
    else:
        put(node.input[1], ours[f"conv{number}/kernel"].transpose(3, 2, 0, 1))
    if node.op_type == "Conv":
        put(node.input[2], bias)
    else:
        norm = norms[node.output[0]]
        epsilon = [it.f for it in norm.attribute if it.name == "epsilon"][0]
        ones = np.ones_like(bias)
        for name, values in zip(norm.input[1:], (ones, bias, 0 * bias, ones - epsilon)):
            put(name, values.astype("f4"))
    number += 1

sides = (1, 3, 64, 96)
for dimension, side in zip(graph.input[0].type.tensor_type.shape.dim, sides):
    dimension.dim_value = side
for output in graph.output:
    for dimension in output.type.tensor_type.shape.dim:
        dimension.Clear()
x = (np.arange(64 * 96 * 3) * 7919 % 256).astype("f4").reshape(1, 64, 96, 3).transpose(0, 3, 1, 2)
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
session = onnxruntime.InferenceSession(model.SerializeToString(), options)
outputs = session.run(None, {graph.input[0].name: np.ascontiguousarray(x)})
for it in outputs[:3]:
    values = it.transpose(0, 2, 3, 1).ravel()
    print(values.size, float(values.sum()), [round(float(v), 6) for v in values[:: values.size // 5][:5]])
