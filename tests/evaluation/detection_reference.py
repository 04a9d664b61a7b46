"""Average precision as PASCAL VOC's devkit and its Python port by R. Girshick define it, by NumPy alone.

Prints what tests/detection_metrics_test.ts expects: python tests/detection_reference.py
"""

import numpy as np

NAMES = ["with_mask", "without_mask", "mask_weared_incorrect"]


def make_photos(count=40):
    """The same numbers as the test's generator: a linear congruential one, of Numerical Recipes."""
    state = 7

    def random():
        nonlocal state
        state = (1664525 * state + 1013904223) % 2**32
        return state / 2**32

    photos = []
    for _ in range(count):
        truths, found = [], []
        for _ in range(int(random() * 6)):
            box = [random() * 300, random() * 200, 8 + random() * 60, 8 + random() * 60]
            name = int(random() * 3)
            truths.append((box, name))
            for _ in range(int(random() * 3)):
                moved = [side + (random() - 0.5) * 0.5 * box[2 + i % 2] for i, side in enumerate(box)]
                label = name if random() < 0.7 else int(random() * 3)
                found.append((moved, label, random()))
        for _ in range(int(random() * 2)):
            box = [random() * 300, random() * 200, 8 + random() * 60, 8 + random() * 60]
            found.append((box, int(random() * 3), random()))
        photos.append((truths, found))
    return photos


def iou(box, boxes):
    left = np.maximum(box[0], boxes[:, 0])
    top = np.maximum(box[1], boxes[:, 1])
    right = np.minimum(box[0] + box[2], boxes[:, 0] + boxes[:, 2])
    bottom = np.minimum(box[1] + box[3], boxes[:, 1] + boxes[:, 3])
    shared = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    return shared / (box[2] * box[3] + boxes[:, 2] * boxes[:, 3] - shared)


def evaluate(photos, name=None, min_iou=0.5, min_face=0, difficult_every=None):
    gts, dets, npos, count = {}, [], 0, 0
    for i, (truths, found) in enumerate(photos):
        own = [n for n, t in enumerate(truths) if name in (None, t[1])]
        boxes = np.array([truths[n][0] for n in own]).reshape(-1, 4)
        difficult = np.minimum(boxes[:, 2], boxes[:, 3]) < min_face
        if difficult_every:
            difficult |= np.array([(count + n) % difficult_every == 0 for n in own], bool)
        count += len(truths)
        gts[i] = (boxes, difficult, np.zeros(len(boxes), bool))
        npos += np.sum(~difficult)
        dets += [(f[2], i, np.array(f[0])) for f in found if name in (None, f[1])]
    dets.sort(key=lambda d: -d[0])
    tp, fp = np.zeros(len(dets)), np.zeros(len(dets))
    for d, (_, i, box) in enumerate(dets):
        boxes, difficult, taken = gts[i]
        overlaps = iou(box, boxes) if len(boxes) else np.array([-1.0])
        best = np.argmax(overlaps)
        if overlaps[best] >= min_iou:
            if difficult[best]:
                continue
            if taken[best]:
                fp[d] = 1
            else:
                tp[d], taken[best] = 1, True
        else:
            fp[d] = 1
    tp, fp = np.cumsum(tp), np.cumsum(fp)
    recall = tp / npos
    precision = tp / np.maximum(tp + fp, np.finfo(np.float64).eps)
    mrec = np.concatenate(([0.0], recall, [1.0]))
    mpre = np.concatenate(([0.0], precision, [0.0]))
    mpre = np.maximum.accumulate(mpre[::-1])[::-1]
    at = np.where(mrec[1:] != mrec[:-1])[0]
    ap = np.sum((mrec[at + 1] - mrec[at]) * mpre[at + 1])
    return ap, recall[-1], precision[-1], int(npos)


if __name__ == "__main__":
    photos = make_photos()
    for min_iou, min_face, every in [(0.5, 0, 0), (0.5, 20, 0), (0.3, 0, 0), (0.7, 30, 0), (0.5, 0, 3), (0.5, 20, 3)]:
        for name in [0, 1, 2, None]:
            ap, recall, precision, truths = evaluate(photos, name, min_iou, min_face, every)
            label = "undefined" if name is None else f'"{NAMES[name]}"'
            print(f"  [{min_iou}, {min_face}, {every}, {label}, {ap:.12f}, {recall:.12f}, {precision:.12f}, {truths}],")
