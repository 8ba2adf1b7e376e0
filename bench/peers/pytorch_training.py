#!/usr/bin/env python3
"""Trains one of the peers' networks and prints one JSON object a line: each epoch, then the end.

plain: fp32, NCHW, as people write it. tuned: bfloat16 autocast, channels-last tensors, the fused
optimizer where PyTorch has it. compiled: the same through torch.compile, whose compilation, for
whole batches and for the last one, comes before the first epoch's time. All slice their batches out
of tensors in memory; there is no DataLoader to wait for. An epoch is timed whole: shuffling,
batches, forward, loss, backward, optimizer step, running loss and accuracy.
"""

import time

import torch
from torch.nn import functional

from pytorch_models import MODELS, read_pictures
from training import parse, say, tell_epochs

MODES = ("plain", "tuned", "compiled")


def make_optimizer(model, name, tuned):
    """cnn: SGD as its recipe has it, the others: Adam."""
    fused = {"fused": True} if tuned and int(torch.__version__.split(".")[0]) >= 2 else {}
    if name == "cnn":
        return torch.optim.SGD(model.parameters(), lr=0.15, momentum=0.9, nesterov=True,
                               weight_decay=5e-4, **fused)
    return torch.optim.Adam(model.parameters(), lr=1e-3, **fused)


class Training:
    def __init__(self, options):
        self.tuned = options.mode != "plain"
        self.batch_size = options.batch_size
        pictures, labels = read_pictures(options.data, "train")
        self.pictures, self.labels = pictures[:options.limit], labels[:options.limit]
        self.network = MODELS[options.model]()
        if self.tuned:
            self.network = self.network.to(memory_format=torch.channels_last)
            self.pictures = self.pictures.to(memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.network, options.model, self.tuned)
        self.model = self.network
        if options.mode == "compiled":
            self.model = torch.compile(self.network, dynamic=False)
            self.warm_up()

    def step(self, chosen):
        """One batch: (loss, how many were right) before the step."""
        inputs, targets = self.pictures[chosen], self.labels[chosen]
        if self.tuned:
            inputs = inputs.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.tuned):
            logits = self.model(inputs)
        loss = functional.cross_entropy(logits.float(), targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item(), (logits.argmax(1) == targets).sum().item()

    def warm_up(self):
        """A step of each size of batch."""
        count, size = len(self.pictures), self.batch_size
        self.model.train()
        for batch in {min(size, count), count % size or size}:
            self.step(torch.arange(batch))

    def epoch(self):
        """(mean loss, accuracy)"""
        self.model.train()
        order = torch.randperm(len(self.pictures))
        total_loss, correct = 0.0, 0
        for begin in range(0, len(order), self.batch_size):
            chosen = order[begin:begin + self.batch_size]
            loss, right = self.step(chosen)
            total_loss += loss * len(chosen)
            correct += right
        return total_loss / len(order), correct / len(order)


def main():
    options = parse(__doc__, MODELS, MODES)
    started = time.perf_counter()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    training = Training(options)
    warm = time.perf_counter()
    tell_epochs(options.epochs, training.epoch)
    say(version=torch.__version__, pictures=len(training.pictures), before_epochs=warm - started,
        parameters=sum(weight.numel() for weight in training.network.parameters()),
        seconds=time.perf_counter() - started)


if __name__ == "__main__":
    main()
