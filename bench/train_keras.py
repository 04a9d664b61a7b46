"""The Keras side of bench/train.ts: answers JSON lines on stdin with JSON lines on stdout."""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf
from tensorflow import keras

from keras_cnn import build_model
from peak_rss import peak_rss


class Stopwatch(keras.callbacks.Callback):
    """From an epoch's begin to the end of its last batch: `fit` itself may wait seconds before it returns."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.seconds = time.perf_counter() - self.start


def make_data(images, classes):
    """Photos [n, 128, 128, 3] float32 in 0..1 and labels, in memory."""
    random = np.random.default_rng(1)
    x = random.random((images, 128, 128, 3), dtype="float32")
    labels = random.integers(classes, size=images)
    y = labels[:, None] if classes == 2 else np.eye(classes)[labels]
    return x, y.astype("float32")


models = {}
data = {}
for line in sys.stdin:
    request = json.loads(line)
    images, batch_size, classes = (request[key] for key in ("images", "batchSize", "classes"))
    model = models.setdefault(classes, None) or build_model(classes)
    models[classes] = model
    if (images, classes) not in data:
        data = {(images, classes): make_data(images, classes)}
    x, y = data[images, classes]
    stopwatch = Stopwatch()
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, callbacks=[stopwatch])
    answer = {"seconds": stopwatch.seconds, "peakRssMb": peak_rss(), "libtensorflow": tf.__version__}
    print(json.dumps(answer), flush=True)
