#!/usr/bin/env python3
"""Asks the nearest neighbours by faiss, every picture against every other, and prints JSON."""

import faiss
import numpy as np

from classical import measure, parse


class Neighbours:
    """A vote among the nearest by the squared distance of floats; the smaller class wins a tie."""

    def __init__(self, settings, threads):
        faiss.omp_set_num_threads(threads)
        self.options = {"n_neighbors": settings["n_neighbors"]}
        self.index = self.labels = None

    def prepare(self, pictures):
        return pictures.astype(np.float32)

    def fit(self, features, labels):
        self.index = faiss.IndexFlatL2(features.shape[1])
        self.index.add(features)
        self.labels = labels

    def neighbours(self, features):
        return self.index.search(features, self.options["n_neighbors"])[1].astype(np.int32)

    def predict(self, features):
        nearest = self.labels[self.neighbours(features)]
        votes = np.zeros((len(nearest), int(self.labels.max()) + 1), np.int32)
        np.add.at(votes, (np.arange(len(nearest))[:, None], nearest), 1)
        return votes.argmax(axis=1)

    def figures(self, _features, _labels):
        return {}


def main():
    options = parse(__doc__)
    measure(Neighbours(options.settings, options.threads), options)


if __name__ == "__main__":
    main()
