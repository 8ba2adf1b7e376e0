#!/usr/bin/env python3
"""Boosts trees by LightGBM's own interface, from bytes, and prints one JSON object.

The settings are those of the recipe, by LightGBM's names: as many leaves as trees of that depth
have at most, histograms filled by rows (for many columns its authors' advice; otherwise it tries
both first) and as many bins.
"""

import lightgbm
import numpy as np

from classical import measure, parse


class Boosting:
    def __init__(self, settings, threads, seed):
        self.rounds = settings["n_estimators"]
        self.options = {
            "objective": "multiclass", "num_threads": threads, "seed": seed, "verbosity": -1,
            "force_row_wise": True, "learning_rate": settings["learning_rate"],
            "max_depth": settings["max_depth"], "num_leaves": 2 ** settings["max_depth"],
            "min_sum_hessian_in_leaf": settings["min_child_weight"], "min_data_in_leaf": 1,
            "bagging_fraction": settings["subsample"], "bagging_freq": 1,
            "feature_fraction": settings["colsample_bytree"], "max_bin": settings["max_bin"],
            "lambda_l2": settings["reg_lambda"], "lambda_l1": settings["reg_alpha"]}
        self.booster = None

    def prepare(self, pictures):
        return pictures

    def fit(self, features, labels):
        self.options["num_class"] = int(labels.max()) + 1
        data = lightgbm.Dataset(features, labels, params=self.options)
        self.booster = lightgbm.train(self.options, data, self.rounds)

    def predict(self, features):
        threads = self.options["num_threads"]
        return np.argmax(self.booster.predict(features, num_threads=threads), axis=1)

    def figures(self, _features, _labels):
        return {"rounds": self.booster.num_trees() // self.options["num_class"]}


def main():
    options = parse(__doc__)
    measure(Boosting(options.settings, options.threads, options.seed), options)


if __name__ == "__main__":
    main()
