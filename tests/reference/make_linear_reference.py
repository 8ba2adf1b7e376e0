#!/usr/bin/python3
"""Writes tests/data_files/linear_reference.json: what scikit-learn's linear classifiers learn from
drawn samples.

Needs numpy and scikit-learn (made with 1.24 and 1.2.1). Run from anywhere.
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "linear_reference.json"
SCALE = np.float32(1 / 255)


def draw(seed, n, d, classes):
    """Bytes around a mean for each class, with a constant feature and a repeated sample whose
    labels differ."""
    random = np.random.default_rng(seed)
    centers = random.integers(60, 190, (classes, d))
    labels = random.integers(0, classes, n)
    labels[:classes] = np.arange(classes)
    values = np.clip(centers[labels] + random.normal(0, 70, (n, d)), 0, 255).astype(np.uint8)
    values[:, d // 2] = 17
    values[1] = values[0]
    return values, labels


def logistic(x, labels, **options):
    options = {"tol": 1e-9, "max_iter": 300, "solver": "newton-cg"} | options
    model = LogisticRegression(**options).fit(x, labels)
    return learned(model, model.predict_proba(x))


def svm(x, labels, **options):
    model = LinearSVC(dual=False, tol=1e-12, max_iter=100000, **options).fit(x, labels)
    return learned(model, None)


def learned(model, probabilities):
    intercepts = np.broadcast_to(model.intercept_, len(model.coef_))
    result = {"weights": model.coef_.tolist(), "intercepts": intercepts.tolist()}
    if probabilities is not None:
        result["probabilities"] = probabilities.ravel().tolist()
    return result


def case(seed, n, d, classes):
    values, labels = draw(seed, n, d, classes)
    x = (values.astype(np.float32) * SCALE).astype(np.float64)
    return {
        "dims": d,
        "classes": classes,
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "logistic": {
            "default": logistic(x, labels),
            "weak": logistic(x, labels, C=30),
            "balanced": logistic(x, labels, class_weight="balanced"),
            "no_intercept": logistic(x, labels, fit_intercept=False),
            "l1": logistic(x, labels, penalty="l1", solver="saga", tol=1e-12, max_iter=10**6),
        },
        "linear_svm": {
            "default": svm(x, labels),
            "strong": svm(x, labels, C=0.03),
            "balanced": svm(x, labels, class_weight="balanced"),
            "intercept_scaling": svm(x, labels, intercept_scaling=5),
            "no_intercept": svm(x, labels, fit_intercept=False),
        },
    }


def main():
    warnings.simplefilter("ignore")
    cases = {
        "three": case(1, 150, 7, 3),
        "two": case(2, 80, 5, 2),
        "wide": case(3, 24, 40, 4),
    }
    OUTPUT.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
