"""Writes a saved model as ONNX or TFLite, by Keras's own export, and runs it there.

Arguments: the saved model's folder; the file to write, *.onnx or *.tflite; its metadata, a JSON
file; photos, uint8 [n, size, size, 3]; the file for their probabilities, float32, row after row.
"""

import json
import os
import sys
from itertools import groupby
from pathlib import Path

os.environ |= {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}
import keras
import numpy as np


def load_model(folder):
    """The model in Keras: `model.json` holds the layers as Keras 2 wrote them."""
    saved = json.loads((folder / "model.json").read_text())
    kind, config = (saved["modelTopology"][key] for key in ("class_name", "config"))
    if kind == "Sequential":
        # Keras 3 has a layer of its own for the input.
        shape = config["layers"][0]["config"].pop("batch_input_shape")
        config["layers"].insert(0, {"class_name": "InputLayer", "config": {"batch_shape": shape}})
        model = keras.Sequential.from_config(config)
    else:
        model = keras.Model.from_config(config)

    specs = saved["weightsManifest"][0]["weights"]
    data, offset, arrays = (folder / "weights.bin").read_bytes(), 0, []
    for spec in specs:
        kind = np.dtype("<f2" if "quantization" in spec else "<f4")
        count = int(np.prod(spec["shape"]))
        values = np.frombuffer(data, kind, count, offset).astype(np.float32)
        arrays.append(values.reshape(spec["shape"]))
        offset += count * kind.itemsize
    # Weights are named `layer/weight`. The libraries name the last part differently, in one order.
    named = zip((spec["name"].split("/")[0] for spec in specs), arrays, strict=True)
    for name, group in groupby(named, key=lambda pair: pair[0]):
        model.get_layer(name).set_weights([array for _, array in group])
    return model


def write_onnx(model, file, metadata):
    import onnx

    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports what was called once
    model.export(file, format="onnx", verbose=False)
    written = onnx.load(file)
    for value in (*written.graph.input, *written.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.helper.set_model_props(
        written,
        {key: it if isinstance(it, str) else json.dumps(it) for key, it in metadata.items()},
    )
    onnx.checker.check_model(written, full_check=True)
    onnx.save(written, file)


def open_onnx(file):
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda photos: session.run(None, {name: photos})[0]


def open_tflite(file):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(file)
    interpreter.allocate_tensors()
    [source], [target] = interpreter.get_input_details(), interpreter.get_output_details()

    def run(photos):
        interpreter.set_tensor(source["index"], photos)
        interpreter.invoke()
        return interpreter.get_tensor(target["index"])

    return run


def main(folder, file, metadata, photos, scores):
    model = load_model(Path(folder))
    if file.endswith(".onnx"):
        write_onnx(model, file, json.loads(Path(metadata).read_text()))
        run = open_onnx(file)
    else:
        model.export(file, format="litert", verbose=False)
        run = open_tflite(file)
    pixels = np.fromfile(photos, np.uint8).reshape(-1, 1, *model.input_shape[1:])
    np.concatenate([run(photo.astype(np.float32) / 255) for photo in pixels]).tofile(scores)


main(*sys.argv[1:])
