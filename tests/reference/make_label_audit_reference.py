#!/usr/bin/env python3
"""Writes the values that tests/exploration compares the judging of labels with.

    python3 tests/reference/make_label_audit_reference.py [FOLDER]     (default: tests/data_files)

Needs numpy. Computed sample by sample, straight from the equations of C. G. Northcutt, L. Jiang,
I. L. Chuang, "Confident Learning", JAIR 70, 2021.

label_audit_reference.json: {classes, labels [n], probabilities [n, classes], thresholds [classes],
                             confident_joint [classes, classes], joint [classes, classes],
                             errors: indices that the confident joint counts as wrong}
    The last class has no sample: its threshold is null.
"""

import json
import pathlib
import sys

import numpy as np

N = 60
CLASSES = 4


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else (
        pathlib.Path(__file__).parent.parent / "data_files")
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES - 1, size=N)
    truth = np.where(random.random(N) < 0.15, random.integers(0, CLASSES - 1, size=N), labels)
    scores = random.normal(size=(N, CLASSES)) + 2.5 * np.eye(CLASSES)[truth]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    probabilities = np.round(probabilities, 4).astype(np.float32).astype(np.float64)

    thresholds = []
    for j in range(CLASSES):
        own = [probabilities[i, j] for i in range(N) if labels[i] == j]
        thresholds.append(float(np.mean(own)) if own else None)

    counts = np.zeros((CLASSES, CLASSES), dtype=int)
    errors = []
    for i in range(N):
        above = [j for j in range(CLASSES)
                 if thresholds[j] is not None and probabilities[i, j] >= thresholds[j]]
        if not above:
            continue
        j = max(above, key=lambda c: probabilities[i, c])
        counts[labels[i], j] += 1
        if j != labels[i]:
            errors.append(i)

    joint = np.zeros((CLASSES, CLASSES))
    for i in range(CLASSES):
        if counts[i].sum() > 0:
            joint[i] = counts[i] / counts[i].sum() * (labels == i).sum()
    joint /= joint.sum()

    result = {
        "classes": CLASSES,
        "labels": labels.tolist(),
        "probabilities": [float(f"{p:.4f}") for p in probabilities.ravel()],
        "thresholds": thresholds,
        "confident_joint": counts.ravel().tolist(),
        "joint": joint.ravel().tolist(),
        "errors": errors,
    }
    (folder / "label_audit_reference.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
