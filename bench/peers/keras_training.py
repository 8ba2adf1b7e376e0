#!/usr/bin/env python3
"""Trains keras-cnn with Keras on TensorFlow; prints JSON, one line an epoch, then one for the end.

fp32: as the tutorial has it, fit() on arrays in memory with Keras's own defaults. bf16:
mixed_bfloat16 and many steps between returns to Python. bf16-xla: the same compiled by XLA. An
epoch, one shuffled fit(), is timed whole; tracing and compiling, for whole batches and the last
one, come before the first epoch's time.
"""

import os
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (reads the variables above)
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402
from keras import layers  # noqa: E402

from fashion_mnist import read_idx  # noqa: E402
from training import parse, say, tell_epochs  # noqa: E402

# What compile() is given in each mode, beside the defaults.
MODES = {"fp32": {},
         "bf16": {"steps_per_execution": 32},
         "bf16-xla": {"jit_compile": True, "steps_per_execution": 32}}


def keras_cnn():
    """The usual tutorial network (recipe keras-cnn)."""
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dropout(0.5),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax", dtype="float32")])


def fit(model, pictures, labels, batch_size):
    """(loss, accuracy) of one epoch."""
    history = model.fit(pictures, labels, batch_size=batch_size, epochs=1, verbose=0).history
    return history["loss"][0], history["accuracy"][0]


def main():
    options = parse(__doc__, ("keras-cnn",), tuple(MODES))
    started = time.perf_counter()
    keras.utils.set_random_seed(1)
    tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)
    if options.mode != "fp32":
        keras.config.set_dtype_policy("mixed_bfloat16")

    pictures, labels = (part[:options.limit] for part in read_idx(options.data, "train"))
    pictures = pictures[..., None].astype(np.float32) / np.float32(255)
    model = keras_cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"],
                  **MODES[options.mode])
    # As many batches that what follows meets no new shape: a few whole ones and the last.
    few = min(len(pictures), 2 * options.batch_size + len(pictures) % options.batch_size)
    fit(model, pictures[:few], labels[:few], options.batch_size)
    warm = time.perf_counter()
    tell_epochs(options.epochs, lambda: fit(model, pictures, labels, options.batch_size))
    say(version=tensorflow.__version__, keras=keras.__version__, pictures=len(pictures),
        before_epochs=warm - started, parameters=model.count_params(),
        seconds=time.perf_counter() - started)


if __name__ == "__main__":
    main()
