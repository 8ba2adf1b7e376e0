#!/usr/bin/env python3
"""Writes the libsvm values that tests/classical compares the support vector machines with.

    python3 tests/reference/make_svm_reference.py [FOLDER]     (default: tests/data_files)
    python3 tests/reference/make_svm_reference.py --fashion-mnist DATA FILE [SAMPLES]

Needs scikit-learn (made with 1.2, whose SVC is libsvm) and numpy. The second form writes the same of
the first SAMPLES (3000) training pictures in the folder DATA, to compare with by hand:

    THIMBLE_SVM_REFERENCE=FILE build/release/tests/test_classical --gtest_filter='SvmPictures*'

One file, svm_reference.json; k classes, p pairs of classes:

    bytes      [n, d], classes of unequal size
    labels     [n]
    queries    [m, d], bytes too
    cases      {name: {options, gamma, objectives, rho, support, decisions}}
        options     named as scikit-learn names them; with "floats" the features are
                    byte / 16 - 4 instead of bytes
        gamma       what the option came to
        objectives  of the dual problems of the pairs (0, 1), (0, 2), ..., (1, 2), ..., to be
                    minimised
        rho         of the pairs
        support     support vectors of each class
        decisions   [m, p], decision values of the queries
    probability  of the small problem alone: {A, B, decisions, probabilities}: sigmoids of the pairs, decision values of the
                 queries and the probabilities that libsvm couples from them
    sigmoid      likewise: {values, positive, A, B}: what maximises the likelihood
"""

import gzip
import json
import pathlib
import sys

import numpy as np
from sklearn.calibration import _sigmoid_calibration
from sklearn.svm import SVC

CASES = {
    "rbf": {"C": 10.0},
    "rbf_auto": {"C": 1.0, "gamma": "auto", "floats": True},
    "rbf_balanced": {"C": 0.5, "class_weight": "balanced"},
    "rbf_floats": {"C": 10.0, "floats": True},
    "poly": {"C": 1.0, "kernel": "poly", "degree": 3, "coef0": 1.0},
    "poly_number": {"C": 2.0, "kernel": "poly", "degree": 2, "gamma": 0.01, "floats": True},
    "linear": {"C": 0.01, "kernel": "linear", "floats": True},
    "sigmoid": {"C": 1.0, "kernel": "sigmoid", "coef0": -0.5, "gamma": 0.002, "floats": True},
}

PICTURE_CASES = {
    "rbf": {"C": 10.0},
    "rbf_default_tol": {"C": 10.0, "tol": 1e-3},
    "poly": {"C": 1.0, "kernel": "poly", "degree": 3, "coef0": 1.0},
    "rbf_floats": {"C": 10.0, "floats": True},
}


def kernel(options, gamma, a, b):
    kind = options.get("kernel", "rbf")
    products = a @ b.T
    if kind == "linear":
        return products
    if kind == "poly":
        return (gamma * products + options.get("coef0", 0.0)) ** options["degree"]
    if kind == "sigmoid":
        return np.tanh(gamma * products + options.get("coef0", 0.0))
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * products
    return np.exp(-gamma * squares)


def features(values, options):
    return values / 16.0 - 4.0 if options.get("floats") else values.astype(np.float64)


def fitted(options, x, y, **more):
    settings = {"tol": 1e-8} | {key: value for key, value in options.items() if key != "floats"}
    return SVC(decision_function_shape="ovo", **settings, **more).fit(x, y)


def case(options, x, y, queries):
    x, queries = features(x, options), features(queries, options)
    model = fitted(options, x, y)
    begin = np.concatenate([[0], np.cumsum(model.n_support_)])
    objectives = []
    classes = len(model.n_support_)
    for i in range(classes):
        for j in range(i + 1, classes):
            of_i, of_j = slice(begin[i], begin[i + 1]), slice(begin[j], begin[j + 1])
            beta = np.concatenate([model.dual_coef_[j - 1, of_i], model.dual_coef_[i, of_j]])
            vectors = np.concatenate([model.support_vectors_[of_i], model.support_vectors_[of_j]])
            matrix = kernel(options, model._gamma, vectors, vectors)
            objectives.append(0.5 * beta @ matrix @ beta - np.abs(beta).sum())
    return {
        "options": options,
        "gamma": model._gamma,
        "objectives": objectives,
        "rho": list(-model.intercept_),
        "support": model.n_support_.tolist(),
        "decisions": model.decision_function(queries).tolist(),
    }


def small_problem():
    random = np.random.RandomState(3)
    d = 36
    labels = np.repeat([0, 1, 2], [60, 45, 25])
    random.shuffle(labels)
    centers = random.uniform(60, 190, (3, d))

    def samples(of):
        noisy = centers[of] * 0.25 + 96 + random.normal(0, 40, (len(of), d))
        return np.clip(np.rint(noisy), 0, 255).astype(np.int64)

    x = samples(labels)
    queries = samples(np.arange(21) % 3)
    probable = fitted({"C": 1.0}, x.astype(float), labels, probability=True, random_state=0)
    values = probable.decision_function(x.astype(float))[:, 0]
    positive = labels == 0
    a, b = _sigmoid_calibration(values, positive.astype(int))
    return {
        "bytes": x.tolist(),
        "labels": labels.tolist(),
        "queries": queries.tolist(),
        "cases": {name: case(options, x, labels, queries) for name, options in CASES.items()},
        "probability": {
            "A": probable.probA_.tolist(),
            "B": probable.probB_.tolist(),
            "decisions": probable.decision_function(queries.astype(float)).tolist(),
            "probabilities": probable.predict_proba(queries.astype(float)).tolist(),
        },
        "sigmoid": {
            "values": values.tolist(),
            "positive": positive.tolist(),
            "A": a,
            "B": b,
        },
    }


def read_idx(path, offset):
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=offset)


def pictures(data, samples):
    x = read_idx(data / "train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:samples]
    labels = read_idx(data / "train-labels-idx1-ubyte.gz", 8)[:samples]
    queries = read_idx(data / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:500]
    return {
        "bytes": x.tolist(),
        "labels": labels.tolist(),
        "queries": queries.tolist(),
        "cases": {name: case(o, x, labels, queries) for name, o in PICTURE_CASES.items()},
    }


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--fashion-mnist"]:
        samples = int(arguments[3]) if len(arguments) > 3 else 3000
        path = pathlib.Path(arguments[2])
        result = pictures(pathlib.Path(arguments[1]), samples)
    else:
        path = pathlib.Path(arguments[0] if arguments else "tests/data_files") / "svm_reference.json"
        result = small_problem()
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
