#!/usr/bin/env python3
"""Writes the values that tests/classical compares the feature steps with.

    python3 tests/reference/make_features_reference.py [FOLDER]     (default: tests/data_files)

Needs numpy and scikit-learn (made with 1.2.1). Standardisation and principal components are
scikit-learn's, of float64; histograms of oriented gradients are computed here, pixel by pixel and
straight from their definition in src/classical/hog.hpp.

classical_features.json: {pictures: {name: {shape [n, height, width, channels], pixels}},
                          cases: [{pictures, lines, dims, features}]}
    lines      the feature steps, as a recipe has them
    features   [n, dims], of the same pictures that the steps were fitted to
"""

import json
import math
import pathlib
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler, normalize

# ---- histograms of oriented gradients --------------------------------------------------------------


def gradients(picture, sqrt):
    """Length and angle in radians, [0, 2 pi), of the longest gradient of each pixel's channels."""
    levels = picture / 255.0
    if sqrt:
        levels = np.sqrt(levels)
    height, width, channels = levels.shape
    lengths = np.zeros((height, width))
    angles = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                dx = levels[y, min(x + 1, width - 1), c] - levels[y, max(x - 1, 0), c]
                dy = levels[min(y + 1, height - 1), x, c] - levels[max(y - 1, 0), x, c]
                length = math.hypot(dx, dy)
                if length > lengths[y, x]:
                    lengths[y, x] = length
                    angles[y, x] = math.atan2(dy, dx) % (2 * math.pi)
    return lengths, angles


def tent(distance):
    return max(0.0, 1.0 - abs(distance))


def cell_shares(pixel, pixels, cells, interpolate):
    """How much of a pixel's vote each cell gets."""
    place = (pixel + 0.5) * cells / pixels
    if not interpolate:
        return [float(int(place) == k) for k in range(cells)]
    place = min(max(place, 0.5), cells - 0.5)
    return [tent(place - (k + 0.5)) for k in range(cells)]


def bin_shares(angle, orientations, signed, interpolate):
    """How much of a pixel's vote each orientation gets."""
    turn = 2 * math.pi if signed else math.pi
    place = (angle % turn) / turn * orientations
    if not interpolate:
        return [float(int(place + 0.5) % orientations == b) for b in range(orientations)]
    return [
        sum(tent(place - b + wrap * orientations) for wrap in (-1, 0, 1))
        for b in range(orientations)
    ]


def normalized(block, norm, epsilon):
    if norm == "l1sqrt":
        return np.sqrt(block / (block.sum() + epsilon))
    block = block / math.sqrt((block**2).sum() + epsilon**2)
    if norm == "l2hys":
        block = np.minimum(block, 0.2)
        block = block / math.sqrt((block**2).sum() + epsilon**2)
    return block


def hog(picture, cell=4, block=2, stride=1, orientations=9, signed=False, norm="l2hys",
        epsilon=0.1, interpolate=True, sqrt=False, weight=1.0):
    height, width, _ = picture.shape
    rows = max(1, int(math.floor(height / cell + 0.5)))
    columns = max(1, int(math.floor(width / cell + 0.5)))
    lengths, angles = gradients(picture.astype(np.float64), sqrt)
    cells = np.zeros((rows, columns, orientations))
    for y in range(height):
        for x in range(width):
            down = cell_shares(y, height, rows, interpolate)
            across = cell_shares(x, width, columns, interpolate)
            turned = bin_shares(angles[y, x], orientations, signed, interpolate)
            cells += lengths[y, x] * np.einsum("i,j,k->ijk", down, across, turned)
    blocks = [
        normalized(cells[i : i + block, j : j + block].ravel(), norm, epsilon)
        for i in range(0, rows - block + 1, stride)
        for j in range(0, columns - block + 1, stride)
    ]
    return weight * np.concatenate(blocks)


# ---- lines -----------------------------------------------------------------------------------------


def number_or_word(text):
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def read(line):
    word, *rest = line.split()
    arguments = [number_or_word(a) for a in rest if "=" not in a]
    options = {k: number_or_word(v) for k, v in (a.split("=") for a in rest if "=" in a)}
    return word, arguments, options


def pca(features, wanted, whiten=False):
    model = PCA(n_components=wanted, whiten=whiten, svd_solver="full").fit(features)
    # Directions have no sign of their own; ours have a positive entry of largest magnitude.
    largest = np.abs(model.components_).argmax(axis=1)
    signs = np.sign(model.components_[np.arange(len(largest)), largest])
    return model.transform(features) * signs


def transform(pictures, lines):
    parts = []
    features = pictures.reshape(len(pictures), -1).astype(np.float64)
    for line in lines:
        word, arguments, options = read(line)
        if word == "hog":
            parts.append(np.array([hog(picture, **options) for picture in pictures]))
            features = np.concatenate(parts, axis=1)
        elif word == "pixels":
            weight = options.get("weight", 1.0)
            parts.append(pictures.reshape(len(pictures), -1) * (weight / 255.0))
            features = np.concatenate(parts, axis=1)
        elif word == "scale":
            features = features / 255.0
        elif word == "standardize":
            features = StandardScaler().fit_transform(features)
        elif word == "pca":
            features = pca(features, arguments[0], **options)
        elif word == "normalize":
            features = normalize(features)
    return features


# ---- cases -----------------------------------------------------------------------------------------


def smooth_pictures(random, n, height, width, channels):
    """Pictures whose neighbouring pixels are alike, so that gradients run all ways."""
    pixels = random.integers(0, 256, (n, height, width, channels)).astype(np.float64)
    for axis in (1, 2):
        pixels = (pixels + np.roll(pixels, 1, axis) + np.roll(pixels, -1, axis)) / 3
    low, high = pixels.min(), pixels.max()
    return np.rint((pixels - low) / (high - low) * 255).astype(np.uint8)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data_files")
    random = np.random.default_rng(20050620)
    pictures = {
        "grey": smooth_pictures(random, 3, 12, 8, 1),
        "odd": smooth_pictures(random, 2, 11, 13, 1),
        "rgb": smooth_pictures(random, 2, 8, 9, 3),
        "many": random.integers(0, 256, (40, 3, 4, 1)).astype(np.uint8),
        "few": random.integers(0, 256, (6, 4, 4, 1)).astype(np.uint8),
    }
    pictures["many"][:, 1, 1] = 200  # a constant feature

    cases = [
        ("grey", ["hog"]),
        ("grey", ["hog block=1 norm=l2 epsilon=0.01"]),
        ("grey", ["hog orientations=6 signed=true norm=l1sqrt"]),
        ("grey", ["hog interpolate=false sqrt=true"]),
        ("grey", ["hog block=1 stride=2 weight=0.5", "hog cell=8 block=1", "pixels weight=0.25"]),
        ("odd", ["hog cell=3 orientations=4"]),
        ("odd", ["hog cell=2.5 block=3 stride=2 orientations=3"]),
        ("odd", ["hog cell=3 orientations=5 signed=true interpolate=false"]),
        ("rgb", ["hog cell=4"]),
        ("rgb", ["hog cell=3 block=1 orientations=1"]),
        ("many", ["standardize"]),
        ("many", ["scale", "standardize"]),
        ("many", ["pca 5"]),
        ("many", ["scale", "pca 11 whiten=true"]),
        ("many", ["pca 0.8"]),
        ("many", ["standardize", "pca 0.95 whiten=true"]),
        ("many", ["scale", "normalize"]),
        ("few", ["pca 5"]),
        ("few", ["standardize", "pca 3 whiten=true", "normalize"]),
    ]
    content = {
        "pictures": {
            name: {"shape": list(p.shape), "pixels": p.ravel().tolist()}
            for name, p in pictures.items()
        },
        "cases": [],
    }
    for name, lines in cases:
        features = transform(pictures[name], lines)
        content["cases"].append({
            "pictures": name,
            "lines": lines,
            "dims": features.shape[1],
            "features": [float(f"{x:.8g}") for x in features.ravel()],
        })
    path = folder / "classical_features.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
