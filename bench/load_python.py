"""Pillow and OpenCV for bench/load.ts: answers JSON lines on stdin with JSON lines on stdout."""

import json
import sys
import time

import cv2
import numpy as np
from PIL import Image


def pillow(file):
    return np.asarray(Image.open(file).convert("RGB").resize((128, 128), Image.BILINEAR))


def opencv(file):
    return cv2.resize(cv2.imread(file), (128, 128))


WAYS = {"pillow": pillow, "opencv": opencv}

for line in sys.stdin:
    request = json.loads(line)
    read = WAYS[request["way"]]
    start = time.perf_counter()
    images = [read(file) for file in request["files"]]
    print(json.dumps({"seconds": time.perf_counter() - start, "images": len(images)}), flush=True)
