#!/usr/bin/env python3
"""Writes the values that tests/exploration compares the map of the pictures with.

    /usr/bin/python3 tests/reference/make_map_reference.py [FOLDER]     (default: tests/data_files)

Needs numpy and scikit-learn (made with 1.2.1, whose inner functions of t-SNE it calls).

map_reference.json: {n, dims, samples [n, dims], neighbors, perplexity,
                     similarities: [[i, j, value], ...] of scikit-learn's sparse t-SNE,
                     map [n, 2], trustworthiness: [{k, value}], kl_divergence}
    similarities    computed with float32 distances and an entropy within 1e-5
    kl_divergence   of the map from the similarities, in nats, here from its definition
"""

import json
import pathlib
import sys

import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn
from sklearn.neighbors import NearestNeighbors

N = 40
DIMS = 5
NEIGHBORS = 12
PERPLEXITY = 4.0


def rounded(values, digits=6):
    return np.round(np.asarray(values, dtype=np.float64), digits).tolist()


def kl_divergence(similarities, points):
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    weights = 1 / (1 + squared)
    np.fill_diagonal(weights, 0)
    q = weights / weights.sum()
    p = similarities.toarray()
    near = p > 0
    return float((p[near] * np.log(p[near] / q[near])).sum())


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else (
        pathlib.Path(__file__).parent.parent / "data_files")
    random = np.random.default_rng(4)
    centres = 4 * random.normal(size=(3, DIMS))
    samples = np.array(rounded(centres[np.arange(N) % 3] + random.normal(size=(N, DIMS)), 3))
    search = NearestNeighbors(n_neighbors=NEIGHBORS).fit(samples)
    distances = search.kneighbors_graph(mode="distance")
    distances.data **= 2
    similarities = _joint_probabilities_nn(distances, PERPLEXITY, 0)
    points = np.array(rounded(samples[:, :2] + random.normal(size=(N, 2)), 3))
    entries = similarities.tocoo()
    result = {
        "n": N, "dims": DIMS, "samples": rounded(samples.ravel(), 3),
        "neighbors": NEIGHBORS, "perplexity": PERPLEXITY,
        "similarities": sorted([int(i), int(j), float(f"{v:.7g}")]
                               for i, j, v in zip(entries.row, entries.col, entries.data)),
        "map": rounded(points.ravel(), 3),
        "trustworthiness": [
            {"k": k, "value": float(trustworthiness(samples, points, n_neighbors=k))}
            for k in (1, 5, 19)],
        "kl_divergence": kl_divergence(similarities, points),
    }
    (folder / "map_reference.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
