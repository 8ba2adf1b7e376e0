#!/usr/bin/python3
"""Writes tests/data_files/exploration_reference.json: what numpy and scikit-learn say of pictures.

Needs numpy and scikit-learn (made with 1.24 and 1.2.1). Run from anywhere.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import mutual_info_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

OUTPUT = pathlib.Path(__file__).parent.parent / "data_files" / "exploration_reference.json"
HEIGHT, WIDTH = 6, 5
CLASSES = 4
MISSING = 2  # a class without a sample
BINS = 16
INK_THRESHOLD = 25
NEIGHBORS = 6
TRAIN = 90


def pictures(random, n):
    """A spot on black for each class, with noise; the left column is always black."""
    labels = random.choice([c for c in range(CLASSES) if c != MISSING], n)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    values = np.zeros((n, HEIGHT, WIDTH))
    for i, label in enumerate(labels):
        row, column = 1.5 + label + random.normal(0, 0.5), 2 + random.normal(0, 0.7)
        distance = (rows - row) ** 2 + (columns - column) ** 2
        values[i] = 230 * np.exp(-distance / 3) + random.normal(0, 30, (HEIGHT, WIDTH)) - 20
    values[:, :, 0] = 0
    return np.clip(values, 0, 255).round().astype(np.uint8), labels


def distribution(values):
    quantiles = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
    return [np.mean(values), np.std(values), np.min(values), *quantiles, np.max(values)]


def mirrored(values, axis):
    return [np.corrcoef(x.ravel(), np.flip(x, axis).ravel())[0, 1] for x in values.astype(float)]


def statistics(values):
    ink = values > INK_THRESHOLD
    boxes = []
    for picture in ink:
        rows, columns = np.nonzero(picture)
        if len(rows):
            boxes.append([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])
    left, top, width, height = np.array(boxes, dtype=float).T
    return {
        "mean": values.mean(),
        "deviation": values.std(),
        "brightness": distribution(values.mean(axis=(1, 2))),
        "contrast": distribution(values.std(axis=(1, 2))),
        "ink": distribution(ink.mean(axis=(1, 2))),
        "blank": int((~ink.any(axis=(1, 2))).sum()),
        "left": distribution(left),
        "top": distribution(top),
        "width": distribution(width),
        "height": distribution(height),
        "center_x": distribution(left + width / 2),
        "center_y": distribution(top + height / 2),
        "left_right": distribution(mirrored(values, 1)),
        "top_bottom": distribution(mirrored(values, 0)),
        "row_ink": ink.any(axis=2).mean(axis=0).tolist(),
        "column_ink": ink.any(axis=1).mean(axis=0).tolist(),
    }


def information(values, labels):
    """Plain mutual information in bits, and what Miller and Madow's correction subtracts."""
    plain, corrections = [], []
    for pixel in (values.reshape(len(values), -1).astype(int) * BINS // 256).T:
        plain.append(mutual_info_score(pixel, labels) / np.log(2))
        cells = len(set(zip(pixel, labels)))
        excess = cells - len(set(pixel)) - len(set(labels)) + 1
        corrections.append(excess / (2 * len(labels) * np.log(2)))
    return {"plain_bits": plain, "corrections": corrections}


def correlations(values, labels):
    flat = values.reshape(len(values), -1).astype(float)
    with_class = {}
    for c in sorted(set(labels)):
        row = [np.corrcoef(x, labels == c)[0, 1] if np.ptp(x) else None for x in flat.T]
        with_class[str(c)] = row
    varying = np.flatnonzero(np.ptp(flat, axis=0))
    matrix = np.corrcoef(flat[:, varying].T)
    place = np.stack([varying // WIDTH, varying % WIDTH], axis=1)
    distance = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
    upper = np.triu(np.ones_like(matrix, dtype=bool), 1)
    by_distance = []
    for rounded in range(1, HEIGHT + WIDTH):
        at = upper & (np.rint(distance) == rounded)
        if at.any():
            by_distance.append([distance[at].mean(), matrix[at].mean(), int(at.sum())])
    right = (place[None, :, 0] == place[:, None, 0]) & (distance == 1)
    below = (place[None, :, 1] == place[:, None, 1]) & (distance == 1)
    eigenvalues = np.linalg.eigvalsh(matrix)
    return {
        "with_class": with_class,
        "constant": int((np.ptp(flat, axis=0) == 0).sum()),
        "by_distance": by_distance,
        "horizontal": matrix[right].mean(),
        "vertical": matrix[below].mean(),
        "effective_pixels": eigenvalues.sum() ** 2 / (eigenvalues**2).sum(),
    }


def separations(values, labels):
    """Distances of the class means in the space that linear discriminant analysis whitens."""
    flat = values.reshape(len(values), -1).astype(float)
    present = sorted(set(labels))
    components = min(50, flat.shape[1], (len(flat) - len(present)) // 10)
    pca = PCA(components, svd_solver="full").fit(flat)
    lda = LinearDiscriminantAnalysis(solver="lsqr", store_covariance=True)
    lda.fit(pca.transform(flat), labels)
    # scikit-learn divides by n, a pooled covariance is divided by n - classes.
    within = lda.covariance_ * len(flat) / (len(flat) - len(present))
    separation = {}
    distance = {}
    for i, a in enumerate(present):
        for j, b in enumerate(present):
            difference = lda.means_[i] - lda.means_[j]
            squared = difference @ np.linalg.solve(within, difference)
            separation[f"{a},{b}"] = np.sqrt(max(squared, 0))
            means = flat[labels == a].mean(axis=0) - flat[labels == b].mean(axis=0)
            distance[f"{a},{b}"] = np.sqrt((means**2).mean())
    overall = flat.mean(axis=0)
    between = sum((labels == c).sum() * ((flat[labels == c].mean(axis=0) - overall) ** 2).sum()
                  for c in present)
    return {
        "components": components,
        "explained_variance": pca.explained_variance_ratio_.sum(),
        "separation": separation,
        "mean_distance": distance,
        "between_share": between / ((flat - overall) ** 2).sum(),
    }


def main():
    random = np.random.default_rng(4)
    values, labels = pictures(random, 120)
    train, train_labels = values[:TRAIN], labels[:TRAIN]
    flat = values.reshape(len(values), -1).astype(float)
    distances, found = NearestNeighbors(n_neighbors=NEIGHBORS).fit(flat).kneighbors()

    factors = np.zeros(len(values))
    for c in set(labels):
        outliers = LocalOutlierFactor(n_neighbors=NEIGHBORS).fit(flat[labels == c])
        factors[labels == c] = -outliers.negative_outlier_factor_

    OUTPUT.write_text(json.dumps({
        "height": HEIGHT,
        "width": WIDTH,
        "classes": CLASSES,
        "missing": MISSING,
        "bins": BINS,
        "train": TRAIN,
        "neighbors": NEIGHBORS,
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "overall": statistics(train),
        "last_class": statistics(train[train_labels == CLASSES - 1]),
        "information": information(train, train_labels),
        "correlations": correlations(train, train_labels),
        "distances": separations(train, train_labels),
        "positions": found.ravel().tolist(),
        "squared_distances": (distances**2).round().astype(int).ravel().tolist(),
        "same_class": (labels[found] == labels[:, None]).mean(),
        "nearest_same_class": (labels[found[:, 0]] == labels).mean(),
        "shares_of_first": [(labels[found[labels == 0]] == c).mean() for c in range(CLASSES)],
        "factors": factors.tolist(),
    }) + "\n")


if __name__ == "__main__":
    main()
