#!/usr/bin/env python3
"""Compares an exported ONNX file with the program that wrote it.

    thimble export runs/svm --out svm.onnx
    tests/reference/check_onnx.py --program build/release/thimble runs/svm svm.onnx \
        --pictures t10k-images-idx3-ubyte.gz --count 1000

Runs ONNX's own checker on the file, asks ONNX Runtime and `thimble predict` about the same pictures,
and prints how many classes agree and the largest difference between two probabilities. Exits with 1
where the checker refuses the file, a class differs, or a probability differs by more than
--tolerance. Needs the PyPI packages onnx and onnxruntime (tried with 1.17 to 1.19 and 1.20 to 1.23).

`thimble predict` computes networks in bfloat16 where the processor can; --fp32 has it compute in
float32, which is what the file does.
"""

import argparse
import csv
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime


def read_idx(path, count):
    """The first pictures of an IDX file, uint8 [n, height, width, channels]."""
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        zeros, kind, dims = struct.unpack(">HBB", file.read(4))
        if zeros != 0 or kind != 8 or dims not in (3, 4):
            sys.exit(f"{path}: not an IDX file of pictures")
        shape = list(struct.unpack(f">{dims}I", file.read(4 * dims)))
        shape[0] = min(shape[0], count)
        pictures = np.frombuffer(file.read(int(np.prod(shape))), np.uint8).reshape(shape)
    return pictures if dims == 4 else pictures[..., None]


def write_idx(path, pictures):
    shape = pictures.shape if pictures.shape[3] > 1 else pictures.shape[:3]
    with open(path, "wb") as file:
        file.write(struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape))
        file.write(pictures.tobytes())


def program_answers(arguments, pictures, classes):
    """What `thimble predict` prints: float64 [n, classes], six decimals."""
    environment = dict(os.environ)
    if arguments.fp32:
        environment["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_VNNI"
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "pictures")
        write_idx(file, pictures)
        command = [arguments.program, "predict", arguments.model, file,
                   "--format", "csv", "--top", str(len(classes))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    rows = list(csv.reader(done.stdout.splitlines()))[1:]
    answers = np.zeros((len(rows), len(classes)))
    likeliest = []
    for i, row in enumerate(rows):
        for label, probability in zip(row[2::2], row[3::2]):
            answers[i, classes.index(label)] = float(probability)
        likeliest.append(classes.index(row[2]))
    return answers, np.array(likeliest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="what `thimble predict` takes for a model")
    parser.add_argument("file", help="the exported ONNX file")
    parser.add_argument("--program", default="thimble")
    parser.add_argument("--pictures", required=True, help="an IDX file, may be .gz")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--tolerance", type=float, default=1e-4,
                        help="largest difference of probabilities allowed")
    parser.add_argument("--fp32", action="store_true", help="no bfloat16 in the program")
    arguments = parser.parse_args()

    onnx.checker.check_model(arguments.file, full_check=True)
    session = onnxruntime.InferenceSession(arguments.file)
    classes = json.loads(session.get_modelmeta().custom_metadata_map["thimble.classes"])
    pictures = read_idx(arguments.pictures, arguments.count)
    expected, likeliest = program_answers(arguments, pictures, classes)
    begin = time.monotonic()
    answers = np.concatenate([
        session.run(["probabilities"], {"pictures": pictures[i:i + arguments.batch]})[0]
        for i in range(0, len(pictures), arguments.batch)])
    seconds = time.monotonic() - begin
    assert answers.shape == expected.shape and answers.dtype == np.float32
    sums = np.abs(answers.sum(axis=1, dtype=np.float64) - 1).max()
    same = int((answers.argmax(axis=1) == likeliest).sum())
    difference = float(np.abs(answers - expected).max())
    megabytes = os.path.getsize(arguments.file) / 1e6
    print(f"{arguments.file}: {megabytes:.1f} MB; checker passes; same class {same} of "
          f"{len(pictures)}; largest difference {difference:.2g}; sums within {sums:.1g} of 1; "
          f"{1e6 * seconds / len(pictures):.0f} us a picture")
    if same != len(pictures) or difference > arguments.tolerance:
        sys.exit(1)


if __name__ == "__main__":
    main()
