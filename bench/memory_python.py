"""The original's way for bench/memory.ts: answers a JSON line on stdin with one on stdout."""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import cv2
import numpy as np

from keras_cnn import build_model
from peak_rss import peak_rss


def load(samples):
    """All photos [n, 128, 128, 3] float64 in 0..1 and their labels, as the walkthrough makes them."""
    images = [cv2.resize(cv2.imread(sample["file"]), (128, 128)) for sample in samples]
    labels = [int(sample["className"] == "with_mask") for sample in samples]
    return np.array(images) / 255, np.array(labels)


def split(x, y):
    """As scikit-learn's train_test_split(x, y, test_size=0.2): shuffled copies."""
    order = np.random.default_rng(1).permutation(len(x))
    test, train = np.split(order, [int(np.ceil(0.2 * len(x)))])
    return x[train], x[test], y[train], y[test]


for line in sys.stdin:
    request = json.loads(line)
    x, y = load(request["samples"])
    loaded = peak_rss()
    x_train, x_test, y_train, y_test = split(x, y)
    batch_size = request["batchSize"]
    build_model(2).fit(
        x_train,
        y_train,
        validation_split=0.1,
        batch_size=batch_size,
        steps_per_epoch=min(request["steps"], int(np.ceil(0.9 * len(x_train) / batch_size))),
        epochs=1,
        verbose=0,
    )
    answer = {"peakRssMb": peak_rss(), "loadedRssMb": loaded, "photos": len(x)}
    print(json.dumps(answer), flush=True)
