#!/usr/bin/python3
"""Writes tests/data_files/significance_reference.json: McNemar's test, Holm's correction and
Newcombe's interval for paired proportions, by SciPy and by their formulas.

Needs numpy and scipy (made with 1.24 and 1.10). Run from anywhere.
"""

import json
import pathlib

import numpy as np
from scipy import stats

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "significance_reference.json"


def mcnemar(b, c):
    n = b + c
    if n == 0 or b == c:
        return 1.0
    if n < 25:
        return stats.binomtest(min(b, c), n).pvalue
    return stats.chi2.sf((abs(b - c) - 1) ** 2 / n, 1)


def wilson(successes, n):
    interval = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def newcombe(a, b, c, d):
    """Newcombe (1998), method 10, in the paper's letters."""
    n = a + b + c + d
    l1, u1 = wilson(a + b, n)
    l2, u2 = wilson(a + c, n)
    p1, p2 = (a + b) / n, (a + c) / n
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    product = a * d - b * c
    if product > 0:
        product = max(product - n / 2, 0)
    phi = 0 if margins == 0 else product / np.sqrt(margins)
    delta = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    epsilon = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return p1 - p2 - np.sqrt(delta), p1 - p2 + np.sqrt(epsilon)


def holm(p_values):
    """The definition, step by step: the smallest times m, the next times m - 1, never falling."""
    adjusted = [0.0] * len(p_values)
    before = 0.0
    for rank, i in enumerate(np.argsort(p_values, kind="stable")):
        before = max(before, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = before
    return adjusted


def main():
    tables = [
        (36, 12, 2, 0), (20, 12, 2, 16), (19, 10, 6, 15), (0, 0, 0, 5), (5, 0, 0, 0), (0, 5, 0, 0),
        (0, 0, 7, 0), (10, 12, 12, 3), (9000, 24, 0, 976), (9000, 12, 12, 976), (9000, 13, 12, 975),
        (8000, 400, 300, 1300), (8500, 700, 100, 700), (1, 1, 1, 1), (9312, 100, 61, 527),
    ]
    random = np.random.default_rng(5)
    families = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.02, 0.02, 0.02], random.random(12).tolist()]
    reference = {
        "made_by": "tests/reference/make_significance_reference.py",
        "tables": [
            {"counts": table, "p": mcnemar(table[1], table[2]), "interval": newcombe(*table)}
            for table in tables
        ],
        "holm": [{"p": p, "adjusted": holm(p)} for p in families],
    }
    OUTPUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
