#!/usr/bin/env python3
"""Boosts trees by XGBoost's own interface, from bytes, and prints one JSON object."""

import xgboost

from classical import measure, parse

# XGBoost's booster knows these by other names than its scikit-learn interface.
BOOSTER_NAMES = {"learning_rate": "eta", "reg_lambda": "lambda", "reg_alpha": "alpha"}


class Boosting:
    def __init__(self, settings, threads, seed):
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
        matrix = xgboost.QuantileDMatrix(
            features, labels, nthread=self.threads, max_bin=self.options["max_bin"])
        self.options["num_class"] = int(labels.max()) + 1
        self.booster = xgboost.train(self.options, matrix, self.rounds)

    def predict(self, features):
        return self.booster.inplace_predict(features).argmax(axis=1)

    def figures(self, _features, _labels):
        return {"rounds": self.booster.num_boosted_rounds()}


def main():
    options = parse(__doc__)
    measure(Boosting(options.settings, options.threads, options.seed), options)


if __name__ == "__main__":
    main()
