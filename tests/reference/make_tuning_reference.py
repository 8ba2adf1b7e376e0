#!/usr/bin/env python3
"""Writes tests/data_files/tuning_reference.json: what Optuna's Parzen estimators say of values among
good and other trials, parameter by parameter.

Needs optuna (made with 5.0.0). Run from anywhere.
"""

import json
import pathlib

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "tuning_reference.json"

# As text of a search space, and as Optuna has it.
PARAMETERS = {
    "real": ("{ low = -2.0, high = 3.0 }", FloatDistribution(-2.0, 3.0)),
    "log": ('{ low = 1e-4, high = 1.0, scale = "log" }', FloatDistribution(1e-4, 1.0, log=True)),
    "grid": ("{ low = 0.1, high = 0.9, step = 0.2 }", FloatDistribution(0.1, 0.9, step=0.2)),
    "integer": ("{ low = 3, high = 20, whole = true }", IntDistribution(3, 20)),
    "steps": ("{ low = 0, high = 12, step = 3 }", IntDistribution(0, 12, step=3)),
    "log_integer": (
        '{ low = 1, high = 200, scale = "log", whole = true }',
        IntDistribution(1, 200, log=True),
    ),
    "choice": ('["a", "b", "c", "d"]', CategoricalDistribution(["a", "b", "c", "d"])),
}


def draw(rng, distribution, count):
    """Internal values: a choice's index."""
    if isinstance(distribution, CategoricalDistribution):
        return rng.integers(len(distribution.choices), size=count).astype(float)
    low, high = distribution.low, distribution.high
    if distribution.log:
        values = np.exp(rng.uniform(np.log(low), np.log(high), count))
    else:
        values = rng.uniform(low, high, count)
    step = distribution.step
    return values if step is None else low + np.round((values - low) / step) * step


def outside(distribution, values):
    """As a recipe has them."""
    if isinstance(distribution, CategoricalDistribution):
        return [distribution.choices[int(value)] for value in values]
    if isinstance(distribution, IntDistribution):
        return [int(value) for value in values]
    return [float(value) for value in values]


def log_density(distribution, prior_weight, seen, values):
    parameters = _ParzenEstimatorParameters(
        prior_weight=prior_weight,
        consider_magic_clip=True,
        consider_endpoints=False,
        weights=np.ones,
        multivariate=False,
    )
    estimator = _ParzenEstimator({"x": seen}, {"x": distribution}, parameters)
    return estimator.log_pdf({"x": values})


def main():
    rng = np.random.default_rng(6)
    cases = []
    for name, (text, distribution) in PARAMETERS.items():
        for good_count, other_count, prior_weight in [(0, 1, 1.0), (1, 9, 1.0), (7, 40, 0.5)]:
            good = draw(rng, distribution, good_count)
            others = draw(rng, distribution, other_count)
            values = draw(rng, distribution, 6)
            ratio = log_density(distribution, prior_weight, good, values) - log_density(
                distribution, prior_weight, others, values
            )
            cases.append(
                {
                    "parameter": name,
                    "space": text,
                    "prior_weight": prior_weight,
                    "good": outside(distribution, good),
                    "others": outside(distribution, others),
                    "values": outside(distribution, values),
                    "log_ratio": [float(value) for value in ratio],
                }
            )
    OUTPUT.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
