#!/usr/bin/env python3
"""Writes the logits of torchvision's ResNet-18 that tests/models/torchvision_test.cpp compares with.

    python3 tests/reference/make_resnet18_reference.py [FOLDER]     (default: tests/data_files)
    python3 tests/reference/make_resnet18_reference.py --weights FILE

Needs PyTorch and torchvision (made with 1.13 and 0.14). The weights, 45 MB, are random and not kept:
both sides make them from the same hash. --weights writes them as a PyTorch state dict, to try the
whole way with scripts/convert-torchvision.

Weights: the tensors of the state dict without num_batches_tracked, in the order of their names,
t = 0, 1, ...; element i of tensor t is low + (high - low) * u(t, i) with u(t, i) the upper 53 bits of
hash_seed(18, t, i) (src/base/random.hpp) as a fraction of 1, and

    4 dimensions                low, high = -+sqrt(6 / (in channels * height * width))
    2 dimensions (fc.weight)    -+sqrt(3 / features)
    ...running_mean, ...bias    -+0.2
    ...running_var              0.6, 1.4
    other ...weight             0.4, 0.9

Pictures: byte i, counted through [n, height, width, channels], is (3 b + s) / 4 rounded down, with
b = hash_seed(19, picture, row / 8 * 1024 + column / 8, channel) % 256 and
s = hash_seed(20, i, 0) % 256. Scaling: (x / 255 - mean) / deviation of ImageNet, by channel; grey
pictures are repeated to three channels.

resnet18.json: {case: {options: {height, width, channels, stem}, tensors: {output [2, 20]}}}; the stem
"small" replaces the first convolution by one 3x3 of stride 1 whose taps are the sums of the 7x7
kernel's over thirds of its height and width, and leaves the max pool out.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torchvision

CLASSES = 20
PICTURES = 2
MEAN = [0.485, 0.456, 0.406]
DEVIATION = [0.229, 0.224, 0.225]


def mix64(x):
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def hash_seed(seed, a, b, c=0):
    a, b, c = (np.atleast_1d(np.asarray(v, dtype=np.uint64)) for v in (a, b, c))
    return mix64(mix64(mix64(mix64(np.atleast_1d(np.uint64(seed))) ^ a) ^ b) ^ c)


def value_range(name, shape):
    if len(shape) == 4:
        bound = np.sqrt(6.0 / np.prod(shape[1:]))
        return -bound, bound
    if len(shape) == 2:
        bound = np.sqrt(3.0 / shape[1])
        return -bound, bound
    if name.endswith("running_var"):
        return 0.6, 1.4
    if name.endswith("weight"):
        return 0.4, 0.9
    return -0.2, 0.2


def random_weights():
    model = torchvision.models.resnet18(num_classes=CLASSES).eval()
    state = model.state_dict()
    names = sorted(n for n in state if not n.endswith("num_batches_tracked"))
    for t, name in enumerate(names):
        shape = tuple(state[name].shape)
        u = (hash_seed(18, t, np.arange(np.prod(shape))) >> np.uint64(11)) * 2.0**-53
        low, high = value_range(name, shape)
        state[name] = torch.tensor((low + (high - low) * u).astype(np.float32).reshape(shape))
    model.load_state_dict(state)
    return model


def pictures(height, width, channels):
    shape = (PICTURES, height, width, channels)
    n, y, x, c = np.indices(shape).reshape(4, -1)
    blocks = hash_seed(19, n, y // 8 * 1024 + x // 8, c) % np.uint64(256)
    noise = hash_seed(20, np.arange(np.prod(shape)), 0) % np.uint64(256)
    return ((blocks * np.uint64(3) + noise) // np.uint64(4)).astype(np.uint8).reshape(shape)


def thirds(kernel):
    """[..., 7, 7] -> [..., 3, 3]: sums over thirds, taps on a border shared by their overlap."""
    overlap = np.array(
        [[max(0.0, min(j + 1, (i + 1) * 7 / 3) - max(j, i * 7 / 3)) for j in range(7)] for i in range(3)]
    )
    return np.einsum("oikl,yk,xl->oiyx", kernel, overlap, overlap)


def with_small_stem(model):
    conv = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)
    conv.weight.data = torch.tensor(thirds(model.conv1.weight.detach().double().numpy()))
    model.conv1 = conv
    model.maxpool = torch.nn.Identity()
    return model


def case(height, width, channels, stem="imagenet"):
    model = random_weights()
    if stem == "small":
        model = with_small_stem(model)
    x = pictures(height, width, channels).repeat(3 // channels, axis=3) / 255.0
    x = torch.tensor((x - MEAN) / DEVIATION).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = model.double()(x).numpy()
    return {
        "options": {"height": height, "width": width, "channels": channels, "stem": stem},
        "tensors": {
            "output": {
                "shape": list(logits.shape),
                "values": [float(f"{v:.9g}") for v in logits.ravel()],
            }
        },
    }


def main():
    if sys.argv[1:2] == ["--weights"]:
        torch.save(random_weights().state_dict(), sys.argv[2])
        return
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data_files")
    cases = {
        "rgb_224": case(224, 224, 3),
        "rgb_64": case(64, 64, 3),
        "grey_64": case(64, 64, 1),
        "rgb_28_small_stem": case(28, 28, 3, "small"),
        "grey_28_small_stem": case(28, 28, 1, "small"),
    }
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in cases.items())
    (folder / "resnet18.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
