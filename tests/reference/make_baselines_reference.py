#!/usr/bin/python3
"""Writes tests/data_files/baselines_reference.json: what scikit-learn's cheap classifiers learn.

Needs numpy and scikit-learn (made with 1.24 and 1.2.1). Run from anywhere.
"""

import json
import pathlib

import numpy as np
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "baselines_reference.json"
CLASSES = 5
MISSING = 2  # a class without a training sample


def samples(random, n, dims):
    """Bytes, many of them 0, around a mean for each class; the second feature is constant, the
    last constant in one class."""
    labels = random.choice([c for c in range(CLASSES) if c != MISSING], n)
    centers = np.random.default_rng(7).integers(0, 90, (CLASSES, dims))
    values = np.clip(random.normal(centers[labels], 60), 0, 255).astype(np.uint8)
    values[:, 1] = 9
    values[labels == 3, -1] = 0
    return values, labels


def widened(rows):
    """With a row for the missing class."""
    return np.insert(rows, MISSING, 0, axis=0)


def naive_bayes(model, values, labels, queries, first, second):
    model.fit(values, labels)
    case = {
        "first": widened(getattr(model, first)).ravel().tolist(),
        "probabilities": np.insert(model.predict_proba(queries), MISSING, 0, axis=1)
        .ravel()
        .tolist(),
    }
    if second is not None:
        case["second"] = widened(getattr(model, second)).ravel().tolist()
    return case


def main():
    random = np.random.default_rng(1)
    values, labels = samples(random, 120, 21)
    queries, _ = samples(random, 40, 21)
    floats, wanted = values.astype(np.float64), queries.astype(np.float64)

    reference = {
        "dims": values.shape[1],
        "classes": CLASSES,
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "queries": queries.ravel().tolist(),
        "gaussian": naive_bayes(GaussianNB(), floats, labels, wanted, "theta_", "var_"),
        "gaussian_smoothed": naive_bayes(
            GaussianNB(var_smoothing=0.1), floats, labels, wanted, "theta_", "var_"
        ),
        "multinomial": naive_bayes(
            MultinomialNB(), floats, labels, wanted, "feature_log_prob_", None
        ),
        "multinomial_half": naive_bayes(
            MultinomialNB(alpha=0.5), floats, labels, wanted, "feature_log_prob_", None
        ),
        "bernoulli": naive_bayes(BernoulliNB(), floats, labels, wanted, "feature_log_prob_", None),
        "bernoulli_threshold": naive_bayes(
            BernoulliNB(alpha=2, binarize=50), floats, labels, wanted, "feature_log_prob_", None
        ),
    }
    centroid = NearestCentroid().fit(floats, labels)
    reference["nearest_centroid"] = {
        "centroids": widened(centroid.centroids_).ravel().tolist(),
        "predicted": centroid.predict(wanted).tolist(),
    }
    # Some queries are training samples, some of those twice there: distances of 0.
    known = np.concatenate([wanted, floats[:10]])
    train, answers = np.concatenate([floats, floats[:5]]), np.concatenate([labels, labels[5:10]])
    for weights in ("uniform", "distance"):
        knn = KNeighborsClassifier(6, weights=weights, algorithm="brute").fit(train, answers)
        distances = np.sort(((known[:, None, :] - train[None]) ** 2).sum(axis=2), axis=1)
        # Where the sixth and the seventh are equally far, either may be taken.
        clear = distances[:, 5] < distances[:, 6]
        reference["knn_" + weights] = {
            "queries": known.astype(int)[clear].ravel().tolist(),
            "probabilities": np.insert(knn.predict_proba(known[clear]), MISSING, 0, axis=1)
            .ravel()
            .tolist(),
        }
    reference["knn_values"] = train.astype(int).ravel().tolist()
    reference["knn_labels"] = answers.tolist()
    OUTPUT.write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()
