"""The peers' side of the comparisons: the same networks and data in PyTorch."""

import numpy as np
import torch
from torch import nn

from fashion_mnist import read_idx


def read_pictures(folder, split):
    """Pictures as float32 [n, 1, 28, 28] in [0, 1], labels as int64 [n]; split is train or t10k."""
    pictures, labels = read_idx(folder, split)
    scaled = pictures[:, None].astype(np.float32) / np.float32(255)
    return torch.from_numpy(scaled), torch.from_numpy(labels)


def keras_cnn():
    """The usual tutorial network (recipe keras-cnn)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(1600, 128), nn.ReLU(),
        nn.Linear(128, 10))


def conv_norm_relu(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def mlp():
    """Two hidden layers (recipe mlp)."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 10))


def cnn():
    """Six thin convolutions (recipe cnn)."""
    layers, inputs = [], 1
    for outputs, pooled in ((16, False), (16, False), (32, True), (64, True), (128, True),
                            (128, False)):
        layers.append(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
        if pooled:
            layers.append(nn.MaxPool2d(2))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(128, 10))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(
            conv_norm_relu(channels, channels), conv_norm_relu(channels, channels))

    def forward(self, x):
        return x + self.block(x)


def resnet9(width=32):
    """A small residual network (recipe resnet9)."""
    return nn.Sequential(
        conv_norm_relu(1, width),
        conv_norm_relu(width, 2 * width), nn.MaxPool2d(2), Residual(2 * width),
        conv_norm_relu(2 * width, 4 * width), nn.MaxPool2d(2),
        conv_norm_relu(4 * width, 8 * width), nn.MaxPool2d(2), Residual(8 * width),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10))


MODELS = {"cnn": cnn, "keras-cnn": keras_cnn, "mlp": mlp, "resnet9": resnet9}
