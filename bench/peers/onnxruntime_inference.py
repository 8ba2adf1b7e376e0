#!/usr/bin/env python3
"""Times ONNX Runtime with a file of `thimble export`: uint8 pictures in, probabilities out."""

import onnxruntime

from fashion_mnist import read_idx
from prediction import measure, parse


def open_session(path, threads):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def main():
    options = parse(__doc__, model={"required": True, "help": "an ONNX file"})
    session = open_session(options.model, options.threads)
    wanted = session.get_inputs()[0]
    pictures = read_idx(options.data, "t10k")[0][:options.limit]
    # The file's own order of height, width and the one channel.
    pictures = pictures.reshape(-1, *wanted.shape[1:])
    output = [session.get_outputs()[0].name]
    measure(lambda batch: session.run(output, {wanted.name: batch}), pictures, options,
            version=onnxruntime.__version__)


if __name__ == "__main__":
    main()
