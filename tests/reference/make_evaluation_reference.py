#!/usr/bin/python3
"""Writes tests/data_files/evaluation_reference.json: what scikit-learn and SciPy say of stored cases.

Needs numpy, scipy and scikit-learn (made with 1.24, 1.10 and 1.2.1). Run from anywhere.
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import optimize, special, stats
from sklearn import calibration, exceptions, metrics

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


def number_or_none(value):
    return None if np.isnan(value) else float(value)


def class_curves(labels, scores, with_points):
    """One class against the rest; None where scikit-learn warns that it is not defined."""
    positive = labels.astype(int)
    if not positive.any():
        return {"average_precision": None, "roc_auc": None}
    curves = {"average_precision": metrics.average_precision_score(positive, scores)}
    has_both = positive.min() != positive.max()
    curves["roc_auc"] = metrics.roc_auc_score(positive, scores) if has_both else None
    if with_points:
        precision, recall, thresholds = metrics.precision_recall_curve(positive, scores)
        curves["precision"] = precision[::-1].tolist()
        curves["recall"] = recall[::-1].tolist()
        curves["thresholds"] = thresholds[::-1].tolist()
        if has_both:
            false, true, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
            curves["false_positive_rate"] = false.tolist()
            curves["true_positive_rate"] = true.tolist()
    return curves


def reliability(right, confidence, strategy):
    """The non-empty bins of calibration_curve, and the errors of Guo et al. (2017) from them."""
    bins = 15
    accuracy, mean_confidence = calibration.calibration_curve(
        right.astype(int), confidence, pos_label=1, n_bins=bins, strategy=strategy
    )
    steps = np.linspace(0, 1, bins + 1)
    edges = steps if strategy == "uniform" else np.percentile(confidence, steps * 100)
    samples = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=bins)
    error = np.abs(accuracy - mean_confidence)
    return {
        "samples": samples.tolist(),
        "accuracy": accuracy.tolist(),
        "confidence": mean_confidence.tolist(),
        "expected_error": (samples[samples > 0] / len(right) * error).sum(),
        "maximum_error": error.max(),
    }


def best_temperature(labels, probabilities):
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).eps))

    def loss(log_temperature):
        scaled = logits / np.exp(log_temperature)
        return -special.log_softmax(scaled, axis=1)[np.arange(len(labels)), labels].mean()

    best = optimize.minimize_scalar(
        loss, bounds=np.log([0.05, 20]), method="bounded", options={"xatol": 1e-9}
    ).x
    flat = abs(loss(best - 0.01) - loss(best + 0.01)) + abs(loss(best) - loss(best + 0.01)) < 1e-9
    return None if flat else np.exp(best)


def coverage(right, confidence):
    """Kept samples and right ones among them at each threshold; mean accuracy over all coverages,
    ties in every order alike."""
    thresholds = np.unique(confidence)[::-1]
    kept = [int((confidence >= t).sum()) for t in thresholds]
    hits = [int(right[confidence >= t].sum()) for t in thresholds]
    every = np.arange(1, len(right) + 1)
    return {
        "thresholds": thresholds.tolist(),
        "coverage": [k / len(right) for k in kept],
        "accuracy": [h / k for h, k in zip(hits, kept)],
        "area": (np.interp(every, [0] + kept, [0] + hits) / every).mean(),
    }


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
    right = predicted == labels
    exact = probabilities.astype(np.float64)
    confidence = exact.max(axis=1)
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
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
        "cohen_kappa": number_or_none(metrics.cohen_kappa_score(labels, predicted)),
        "matthews_correlation": metrics.matthews_corrcoef(labels, predicted),
        "curves": [
            class_curves(labels == c, exact[:, c], with_points=classes <= 5)
            for c in range(classes)
        ],
        "reliability": reliability(right, confidence, "uniform"),
        "reliability_equal_mass": reliability(right, confidence, "quantile"),
        "brier_score": ((exact - np.eye(classes)[labels]) ** 2).sum(axis=1).mean(),
        # The binary score is the only one that scikit-learn 1.2 has.
        "brier_score_binary": metrics.brier_score_loss(labels, exact[:, 1], pos_label=1)
        if classes == 2 else None,
        "temperature": best_temperature(labels, exact),
        "coverage": coverage(right, confidence),
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
    warnings.simplefilter("ignore", UserWarning)  # predicted classes without samples
    np.seterr(invalid="ignore")  # kappa of one class is 0 / 0
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
