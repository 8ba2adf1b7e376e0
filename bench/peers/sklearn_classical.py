#!/usr/bin/env python3
"""Fits and asks one classical model of scikit-learn's, or XGBoost, and prints one JSON object.

Times begin once the pictures are in memory as each model wants them: float32 in [0, 1], for
neighbours 0 to 255 (whole numbers, so that equal distances are equal), bytes for XGBoost.
"""

import argparse
import gzip
import inspect
import json
import pathlib
import resource
import statistics
import time
import warnings

import numpy as np

# Words that stand for None in recipes.
NOTHING = ("none", "all")

# XGBoost's booster knows these by other names than its scikit-learn interface.
BOOSTER_NAMES = {"learning_rate": "eta", "reg_lambda": "lambda", "reg_alpha": "alpha"}


def read_idx(folder, split):
    """uint8 [n, pixels] and labels."""
    contents = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        with gzip.open(pathlib.Path(folder) / f"{split}-{kind}-ubyte.gz") as file:
            contents.append(np.frombuffer(file.read(), np.uint8, offset=header))
    pictures, labels = contents
    return pictures.reshape(len(labels), -1), labels.astype(np.int64)


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


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


class Boosting:
    """XGBoost's own interface."""

    def __init__(self, settings, threads, seed):
        import xgboost

        self.xgboost = xgboost
        self.rounds = settings["n_estimators"]
        own = ("n_estimators", "early_stopping_rounds")
        self.options = {BOOSTER_NAMES.get(key, key): value
                        for key, value in settings.items() if key not in own}
        self.options.update(objective="multi:softprob", tree_method="hist", nthread=threads,
                            seed=seed)
        self.threads = threads
        self.booster = None

    def prepare(self, pictures):
        return pictures

    def fit(self, features, labels):
        matrix = self.xgboost.QuantileDMatrix(
            features, labels, nthread=self.threads, max_bin=self.options["max_bin"])
        self.options["num_class"] = int(labels.max()) + 1
        self.booster = self.xgboost.train(self.options, matrix, self.rounds)

    def predict(self, features):
        return self.booster.inplace_predict(features).argmax(axis=1)

    def figures(self, _features, _labels):
        return {"rounds": self.booster.num_boosted_rounds()}


def make(family, settings, threads, seed):
    """Imports only what it needs: a process then holds nothing but its model."""
    if family == "boost":
        return Boosting(settings, threads, seed)
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


def compare_neighbours(model, features, train, test, path):
    """How many queries have the same neighbours as those in `path`, int32 [queries, k]."""
    theirs = model.model.kneighbors(features, return_distance=False)
    ours = np.fromfile(path, np.int32).reshape(theirs.shape)
    same = np.flatnonzero((theirs == ours).all(axis=1))
    ties = 0
    for query in np.setdiff1d(np.arange(len(theirs)), same):
        distances = [np.square(train[rows[query]].astype(np.int64) - test[query]).sum(axis=1)
                     for rows in (theirs, ours)]
        ties += bool(np.array_equal(*map(np.sort, distances)))
    return {"queries": len(theirs), "identical": len(same), "equal_but_for_ties": ties,
            "different": len(theirs) - len(same) - ties}


def predict_repeatedly(model, features):
    """The median time of up to five predictions; those that take long are made once."""
    times = []
    while not times or (len(times) < 5 and sum(times) < 2):
        started = time.perf_counter()
        predicted = model.predict(features)
        times.append(time.perf_counter() - started)
    return predicted, statistics.median_high(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family")
    parser.add_argument("--settings", default="{}", help="a recipe's [model] table as JSON")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--train", type=int, help="train on the first so many pictures")
    parser.add_argument("--test", type=int, help="predict the first so many test pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compare-neighbours", metavar="FILE",
                        help="what bench_classical wrote (knn)")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")

    model = make(options.family, json.loads(options.settings), options.threads, options.seed)
    train, train_labels = (part[:options.train] for part in read_idx(options.data, "train"))
    test, test_labels = (part[:options.test] for part in read_idx(options.data, "t10k"))
    features, queries = model.prepare(train), model.prepare(test)

    started = time.perf_counter()
    model.fit(features, train_labels)
    fit_seconds = time.perf_counter() - started
    predicted, predict_seconds = predict_repeatedly(model, queries)
    result = {"family": options.family, "train": len(train), "test": len(test),
              "fit_seconds": fit_seconds, "predict_seconds": predict_seconds,
              "accuracy": float(np.mean(predicted == test_labels)),
              "options": {key: value for key, value in model.options.items()
                          if isinstance(value, (int, float, str, type(None)))},
              "peak_rss_bytes": peak_rss_bytes(),
              **model.figures(features, train_labels)}
    if options.compare_neighbours:
        result["neighbours"] = compare_neighbours(model, queries, train, test,
                                                  options.compare_neighbours)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
