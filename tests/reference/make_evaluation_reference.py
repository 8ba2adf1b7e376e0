#!/usr/bin/python3
"""Writes tests/data_files/evaluation_reference.json: what scikit-learn and SciPy say of stored cases.

Needs numpy, scipy and scikit-learn (made with 1.24, 1.10 and 1.2.1). Run from anywhere.
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import stats
from sklearn import exceptions, metrics

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "evaluation_reference.json"


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def top_k_lower_index_first(labels, probabilities, k):
    """top_k_accuracy_score ranks the higher of two tied classes first; we rank the lower first.
    With the classes in reverse order both rules are one."""
    classes = probabilities.shape[1]
    return metrics.top_k_accuracy_score(
        classes - 1 - labels, probabilities[:, ::-1], k=k, labels=np.arange(classes)
    )


def averages(labels, predicted, classes, average):
    values = metrics.precision_recall_fscore_support(
        labels, predicted, labels=np.arange(classes), average=average, zero_division=0
    )
    return values[:3]


def case(name, labels, probabilities):
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities, dtype=np.float32)
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=np.arange(classes), average=None, zero_division=0
    )
    wilson = stats.binomtest(int((predicted == labels).sum()), len(labels)).proportion_ci(
        confidence_level=0.95, method="wilson"
    )
    # log_loss and top_k_accuracy_score want more than two classes in this form; for fewer the
    # tests know the answer.
    many = classes > 2
    return {
        "name": name,
        "labels": labels.tolist(),
        # float32 values are exact as float64, and JSON keeps those.
        "probabilities": probabilities.astype(np.float64).tolist(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "accuracy_interval": [wilson.low, wilson.high],
        "loss": metrics.log_loss(
            labels,
            probabilities.astype(np.float64),
            eps=np.finfo(np.float32).eps,
            labels=np.arange(classes),
        ) if classes > 1 else 0.0,
        "top_k": [
            top_k_lower_index_first(labels, probabilities, k)
            for k in range(1, min(5, classes) + 1)
        ] if many else None,
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "macro": averages(labels, predicted, classes, "macro"),
        "weighted": averages(labels, predicted, classes, "weighted"),
        "confusion_matrix": metrics.confusion_matrix(
            labels, predicted, labels=np.arange(classes)
        ).tolist(),
    }


def cases():
    random = np.random.default_rng(20170831)

    def noisy(n, classes, strength):
        labels = random.integers(0, classes, n)
        logits = random.normal(size=(n, classes))
        logits[np.arange(n), labels] += strength
        return labels, softmax(logits)

    yield case("ten classes, good", *noisy(120, 10, 4.0))
    yield case("ten classes, poor", *noisy(80, 10, 0.5))
    yield case("three classes", *noisy(40, 3, 1.5))
    yield case("two classes", *noisy(30, 2, 1.0))

    labels, probabilities = noisy(60, 5, 1.5)
    probabilities[:, 3] = 0
    yield case("a class never predicted", labels, probabilities)

    labels, probabilities = noisy(60, 5, 1.5)
    labels[labels == 2] = 1
    yield case("a class without samples", labels, probabilities)

    labels, probabilities = noisy(60, 6, 1.5)
    labels[labels == 4] = 0
    probabilities[:, 4] = 0
    yield case("a class without samples and never predicted", labels, probabilities)

    yield case("samples of one class only", np.full(25, 2), noisy(25, 4, 1.0)[1])
    yield case("all right and certain", [0, 1, 2, 1], np.eye(3)[[0, 1, 2, 1]])
    yield case("all wrong and certain", [0, 1, 2, 1], np.eye(3)[[1, 2, 0, 0]])
    yield case("one sample", [1], [[0.25, 0.5, 0.25]])
    # The votes of 5 neighbours: most rows have ties.
    votes = np.stack([np.bincount(random.integers(0, 4, 5), minlength=4) for _ in range(50)]) / 5
    yield case("ties", random.integers(0, 4, 50), votes)
    yield case("all equal", random.integers(0, 4, 20), np.full((20, 4), 0.25))
    yield case("one class in all", [0, 0, 0], [[1.0], [1.0], [1.0]])


def mean_cases():
    random = np.random.default_rng(7)
    for n in (2, 3, 5, 10, 50):
        values = 0.94 + 0.002 * random.normal(size=n)
        mean, error = values.mean(), stats.sem(values)
        low, high = stats.t.interval(0.95, n - 1, loc=mean, scale=error)
        yield {
            "values": values.tolist(),
            "mean": mean,
            "standard_deviation": values.std(ddof=1),
            "interval": [low, high],
        }


def main():
    warnings.simplefilter("ignore", exceptions.UndefinedMetricWarning)
    reference = {
        "made_by": "tests/reference/make_evaluation_reference.py",
        "cases": list(cases()),
        "means": list(mean_cases()),
        "student_t_95": [
            [degrees, stats.t.ppf(0.975, degrees)]
            for degrees in (1, 2, 3, 4, 5, 9, 10, 29, 30, 99, 100, 199, 200, 201, 500, 10000)
        ],
        "wilson": [
            [successes, n]
            + list(
                stats.binomtest(successes, n).proportion_ci(confidence_level=0.95, method="wilson")
            )
            for successes, n in ((0, 1), (1, 1), (0, 10), (5, 10), (10, 10), (9412, 10000), (1, 10000))
        ],
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
