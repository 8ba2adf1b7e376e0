"""What the peers of classical models share: their options, what is timed, and what they print.

A model has prepare(bytes [n, pixels]) -> features, fit(features, labels), predict(features),
figures(features, labels), its options, and where it searches neighbours(features).
"""

import argparse
import json
import resource
import statistics
import time
import warnings

import numpy as np

from fashion_mnist import read_idx


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def compare_neighbours(model, features, train, test, path):
    """How many queries have the same neighbours as those in `path`, int32 [queries, k]."""
    theirs = model.neighbours(features)
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


def parse(description):
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family")
    parser.add_argument("--settings", default="{}", type=json.loads,
                        help="a recipe's [model] table as JSON")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--train", type=int, help="train on the first so many pictures")
    parser.add_argument("--test", type=int, help="predict the first so many test pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compare-neighbours", metavar="FILE",
                        help="what bench_classical wrote (knn)")
    parser.add_argument("--intelex", action="store_true",
                        help="scikit-learn's estimators as scikit-learn-intelex replaces them")
    return parser.parse_args()


def read_flat(folder, split, count):
    pictures, labels = read_idx(folder, split)
    return pictures.reshape(len(labels), -1)[:count], labels[:count]


def measure(model, options):
    """Fits, asks and prints. Times begin once the pictures are as the model wants them."""
    warnings.filterwarnings("ignore")
    train, train_labels = read_flat(options.data, "train", options.train)
    test, test_labels = read_flat(options.data, "t10k", options.test)
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
