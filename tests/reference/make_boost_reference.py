#!/usr/bin/python3
"""Writes tests/data_files/boost_reference.json: what XGBoost itself makes of stored samples.

Needs numpy and xgboost (made with 1.24 and 1.7.4). Run from anywhere.
"""

import json
import pathlib

import numpy as np
import xgboost

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "boost_reference.json"

# The options' names in Thimble and XGBoost's scikit-learn interface; the booster has other ones.
BOOSTER_NAMES = {"learning_rate": "eta", "reg_lambda": "lambda", "reg_alpha": "alpha"}


def samples(random, n, features, classes, kind):
    """Classes that differ in a few features, with noise and some constant features."""
    labels = random.integers(0, classes, n)
    centres = np.random.default_rng(classes).integers(40, 216, (classes, features))
    values = np.clip(centres[labels] + random.normal(0, 70, (n, features)), 0, 255).round()
    values[:, 3] = 7
    values[:, 5] = np.where(values[:, 5] < 140, 0, values[:, 5])
    if kind == "floats":
        values = (values / 16 - 8 + random.normal(0, 0.01, values.shape)).round(3)
    return values.astype(np.uint8 if kind == "bytes" else np.float32), labels


def case(name, options, *, n=300, features=12, classes=4, kind="bytes"):
    random = np.random.default_rng(len(name))
    train, labels = samples(random, n, features, classes, kind)
    held_out, held_out_labels = samples(random, 80, features, classes, kind)
    parameters = {"objective": "multi:softprob", "num_class": classes, "tree_method": "hist",
                  "nthread": 1, "eval_metric": ["merror", "mlogloss"],
                  **{BOOSTER_NAMES.get(key, key): value for key, value in options.items()
                     if key not in ("n_estimators", "early_stopping_rounds")}}
    history = {}
    booster = xgboost.train(
        parameters, xgboost.DMatrix(train, labels), options["n_estimators"],
        evals=[(xgboost.DMatrix(held_out, held_out_labels), "held_out")], evals_result=history,
        early_stopping_rounds=options.get("early_stopping_rounds"), verbose_eval=False)
    stops = "early_stopping_rounds" in options
    best = booster.best_iteration if stops else options["n_estimators"] - 1
    probabilities = booster.predict(xgboost.DMatrix(held_out), iteration_range=(0, best + 1))
    number = int if kind == "bytes" else float
    return {
        "name": name,
        "kind": kind,
        "classes": classes,
        "options": options,
        "train": [[number(value) for value in row] for row in train.tolist()],
        "labels": labels.tolist(),
        "held_out": [[number(value) for value in row] for row in held_out.tolist()],
        "held_out_labels": held_out_labels.tolist(),
        "probabilities": [[float(f"{p:.9g}") for p in row] for row in probabilities.tolist()],
        "rounds": len(history["held_out"]["mlogloss"]),
        "best_iteration": best,
        "validation_loss": history["held_out"]["mlogloss"][best],
        "validation_error": history["held_out"]["merror"][best],
    }


def cases():
    yield case("defaults", {"n_estimators": 8, "seed": 1})
    yield case("two classes, few bins", {"n_estimators": 6, "seed": 2, "max_bin": 16,
                                         "learning_rate": 0.5}, classes=2)
    yield case("floats, best leaf first",
               {"n_estimators": 6, "seed": 3, "grow_policy": "lossguide", "max_leaves": 7,
                "max_depth": 0, "reg_lambda": 0.2}, kind="floats")
    yield case("pruned and penalised",
               {"n_estimators": 8, "seed": 4, "gamma": 0.8, "reg_alpha": 0.3,
                "min_child_weight": 2.5, "max_depth": 4}, kind="floats", classes=3)
    yield case("samples and features drawn at random",
               {"n_estimators": 8, "seed": 5, "subsample": 0.6, "colsample_bytree": 0.7,
                "colsample_bylevel": 0.8, "colsample_bynode": 0.5})
    yield case("stopped early", {"n_estimators": 60, "seed": 6, "learning_rate": 0.6,
                                 "early_stopping_rounds": 4}, n=200)


def main():
    reference = {"made_by": "tests/reference/make_boost_reference.py",
                 "xgboost": xgboost.__version__, "cases": list(cases())}
    OUTPUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
