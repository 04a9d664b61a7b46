"""The Keras side of bench/predict.ts: answers JSON lines on stdin with JSON lines on stdout."""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
from tensorflow import keras

from keras_cnn import build_model
from peak_rss import peak_rss


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


class Stopwatch(keras.callbacks.Callback):
    """From the begin to the end of the last batch: `predict` itself may wait seconds before it returns."""

    def on_predict_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_predict_batch_end(self, batch, logs=None):
        self.seconds = time.perf_counter() - self.start


model = build_model(2)
x = np.empty((0, 128, 128, 3), "float32")
for line in sys.stdin:
    request = json.loads(line)
    if len(x) != request["images"]:
        x = np.random.default_rng(1).random((request["images"], 128, 128, 3), dtype="float32")
    if request["task"] == "face":
        # A call of the model: for one photo, faster than `predict`, and what Keras recommends.
        times = [timed(lambda: model(x[:1], training=False).numpy()) for _ in range(50)]
        seconds = statistics.median(times)
    else:
        watch = Stopwatch()
        model.predict(x, batch_size=request["batchSize"], verbose=0, callbacks=[watch])
        seconds = watch.seconds
    print(json.dumps({"seconds": seconds, "peakRssMb": peak_rss()}), flush=True)
