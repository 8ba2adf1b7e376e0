"""The data as every peer reads it."""

import gzip
import pathlib

import numpy as np


def read_idx(folder, split):
    """uint8 [n, 28, 28] and int64 labels [n]; split is train or t10k."""
    contents = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        with gzip.open(pathlib.Path(folder) / f"{split}-{kind}-ubyte.gz") as file:
            contents.append(np.frombuffer(file.read(), np.uint8, offset=header))
    pictures, labels = contents
    return pictures.reshape(len(labels), 28, 28), labels.astype(np.int64)
