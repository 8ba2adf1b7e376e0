#!/usr/bin/env python3
"""Writes tests/data_files/importance_reference.json: what each coordinate explains of a function's
variance, by brute force in numpy, and of trials' values, by Optuna's functional ANOVA.

Needs numpy and optuna with scikit-learn (made with 2.4, 5.0 and 1.9). Run from anywhere.
"""

import json
import pathlib
import warnings

import numpy as np
import optuna

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "importance_reference.json"


def table(generator, shape, ordered):
    """A function that has another value in every cell of a grid, and its shares."""
    weights = [generator.dirichlet(np.full(n, 3.0)) for n in shape]
    values = generator.permutation(int(np.prod(shape))).reshape(shape).astype(float)
    for axis, n in enumerate(shape):
        along = np.moveaxis(values, axis, 0)
        along += (axis * 17 * generator.random(n)).reshape([n] + [1] * (len(shape) - 1))
    joint = np.ones(shape)
    for axis, weight in enumerate(weights):
        joint = joint * weight.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    mean = (joint * values).sum()
    variance = (joint * (values - mean) ** 2).sum()
    shares = []
    for axis, weight in enumerate(weights):
        others = tuple(i for i in range(len(shape)) if i != axis)
        marginal = (joint * values).sum(axis=others) / weight
        shares.append((weight * (marginal - mean) ** 2).sum() / variance)
    return {
        "weights": [list(weight) for weight in weights],
        "ordered": ordered,
        "values": list(values.ravel()),
        "shares": shares,
    }


def accuracy(settings, generator):
    away = np.log10(settings["rate"] / 0.05)
    value = 0.9 - 0.15 * away**2 / (1 + 0.3 * away**2)
    value -= {"sgd": 0.05, "adamw": 0.0, "lion": 0.02}[settings["name"]]
    value -= 0.0002 * settings["batch"]
    value -= 0.04 * (settings["momentum"] - 0.6) * np.sign(away)
    return float(value + 0.002 * generator.normal())


def study(generator, trials):
    space = {
        # Its logarithm: Optuna's forest has the values themselves in its space.
        "rate": optuna.distributions.FloatDistribution(-3.0, 0.0),
        "name": optuna.distributions.CategoricalDistribution(["sgd", "adamw", "lion"]),
        "batch": optuna.distributions.IntDistribution(16, 256),
        "momentum": optuna.distributions.FloatDistribution(0.0, 0.99),
        "nothing": optuna.distributions.FloatDistribution(0.0, 1.0),
    }
    made = optuna.create_study(direction="maximize")
    rows = []
    for _ in range(trials):
        settings = {
            "rate": float(10 ** generator.uniform(-3, 0)),
            "name": str(generator.choice(["sgd", "adamw", "lion"])),
            "batch": int(generator.integers(16, 257)),
            "momentum": float(generator.uniform(0, 0.99)),
            "nothing": float(generator.uniform()),
        }
        value = accuracy(settings, generator)
        shown = {**settings, "rate": float(np.log10(settings["rate"]))}
        made.add_trial(optuna.trial.create_trial(params=shown, distributions=space, value=value))
        rows.append({"settings": settings, "value": value})
    evaluators = [optuna.importance.FanovaImportanceEvaluator(seed=seed) for seed in range(5)]
    found = [
        optuna.importance.get_param_importances(made, evaluator=evaluator, normalize=False)
        for evaluator in evaluators
    ]
    shares = {key: float(np.mean([one[key] for one in found])) for key in space}
    return {"trials": rows, "shares": shares}


def main():
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    generator = np.random.default_rng(11)
    reference = {
        "made_by": "tests/reference/make_importance_reference.py",
        "tables": [
            table(generator, (4, 3), [True, True]),
            table(generator, (3, 5, 2), [True, False, True]),
            table(generator, (2, 3, 4, 3), [False, True, True, False]),
        ],
        "study": study(generator, 150),
    }
    OUTPUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
