#!/usr/bin/env python3
"""Fits and asks one of scikit-learn's estimators and prints one JSON object.

Times begin once the pictures are in memory as each model wants them: float32 in [0, 1], for
neighbours 0 to 255 (whole numbers, so that equal distances are equal).
"""

import inspect

import numpy as np

from classical import measure, parse

# Words that stand for None in recipes.
NOTHING = ("none", "all")


class Estimator:
    """One of scikit-learn's, with those of a recipe's [model] settings that it knows."""

    def __init__(self, kind, settings, threads, seed, **fixed):
        known = inspect.signature(kind).parameters
        chosen = {key: None if value in NOTHING else value
                  for key, value in settings.items() if key in known}
        if "n_jobs" in known:
            chosen["n_jobs"] = threads
        if "random_state" in known:
            chosen["random_state"] = seed
        self.model = kind(**{**chosen, **fixed})
        self.options = self.model.get_params()

    def prepare(self, pictures):
        return pictures.astype(np.float32) / np.float32(255)

    def fit(self, features, labels):
        self.model.fit(features, labels)

    def predict(self, features):
        return self.model.predict(features)

    def figures(self, _features, _labels):
        return {}


class Neighbours(Estimator):
    def prepare(self, pictures):
        return pictures.astype(np.float32)

    def neighbours(self, features):
        return self.model.kneighbors(features, return_distance=False)


class Logistic(Estimator):
    def figures(self, features, labels):
        """Objective as a mean over the samples: the loss, and with the penalty."""
        chosen = self.model.predict_log_proba(features)[np.arange(len(labels)), labels]
        loss = -float(np.mean(chosen, dtype=np.float64))
        penalty = 0.5 * float(np.sum(np.square(self.model.coef_, dtype=np.float64)))
        return {"loss": loss,
                "objective": loss + penalty / (self.options["C"] * len(labels)),
                "iterations": int(self.model.n_iter_.max())}


class SupportVectors(Estimator):
    def figures(self, _features, _labels):
        return {"support_vectors": int(self.model.n_support_.sum())}


def make(family, settings, threads, seed):
    # Here, so that scikit-learn-intelex can have replaced them.
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, svm, tree

    if family == "knn":
        return Neighbours(neighbors.KNeighborsClassifier, settings, threads, seed,
                          algorithm="brute")
    if family == "logistic":
        return Logistic(linear_model.LogisticRegression, settings, threads, seed,
                        solver="lbfgs", max_iter=100, tol=1e-4)
    if family == "linear-svm":
        return Estimator(svm.LinearSVC, settings, threads, seed, dual=False)
    if family == "svm":
        return SupportVectors(svm.SVC, settings, threads, seed)
    kinds = {"tree": tree.DecisionTreeClassifier,
             "forest": ensemble.RandomForestClassifier,
             "extra-trees": ensemble.ExtraTreesClassifier,
             "naive-bayes": naive_bayes.GaussianNB,
             "nearest-centroid": neighbors.NearestCentroid}
    return Estimator(kinds[family], settings, threads, seed)


def main():
    options = parse(__doc__)
    if options.intelex:
        from sklearnex import patch_sklearn
        patch_sklearn(verbose=False)
    measure(make(options.family, options.settings, options.threads, options.seed), options)


if __name__ == "__main__":
    main()
