#!/usr/bin/env python3
"""Trains one of the peers' networks and prints one JSON object a line: each epoch, then the end.

plain: fp32, NCHW, as people write it. tuned: the best PyTorch 1.13 does on a CPU, bfloat16 autocast
on channels-last tensors. Both slice their batches out of tensors in memory; there is no DataLoader
to wait for. An epoch is timed whole: shuffling, batches, forward, loss, backward, Adam step,
running loss and accuracy.
"""

import argparse
import contextlib
import json
import time

import torch
from torch.nn import functional

from pytorch_models import MODELS, read_pictures


def train_epoch(model, optimizer, pictures, labels, batch_size, tuned):
    model.train()
    order = torch.randperm(len(pictures))
    total_loss, correct = 0.0, 0
    for begin in range(0, len(order), batch_size):
        chosen = order[begin:begin + batch_size]
        inputs, targets = pictures[chosen], labels[chosen]
        if tuned:
            inputs = inputs.to(memory_format=torch.channels_last)
        precision = torch.autocast("cpu", dtype=torch.bfloat16) if tuned else contextlib.nullcontext()
        with precision:
            logits = model(inputs)
        loss = functional.cross_entropy(logits.float(), targets)
        optimizer.zero_grad(set_to_none=tuned)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(chosen)
        correct += (logits.argmax(1) == targets).sum().item()
    return total_loss / len(order), correct / len(order)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="keras-cnn")
    parser.add_argument("--mode", choices=("plain", "tuned"), default="plain")
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="train on the first pictures only")
    options = parser.parse_args()

    started = time.perf_counter()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    pictures, labels = read_pictures(options.data, "train")
    pictures, labels = pictures[:options.limit], labels[:options.limit]
    tuned = options.mode == "tuned"
    model = MODELS[options.model]()
    if tuned:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    for epoch in range(1, options.epochs + 1):
        epoch_started = time.perf_counter()
        loss, accuracy = train_epoch(
            model, optimizer, pictures, labels, options.batch_size, tuned)
        seconds = time.perf_counter() - epoch_started
        print(json.dumps({"epoch": epoch, "seconds": seconds, "loss": loss, "accuracy": accuracy}),
              flush=True)
    print(json.dumps({
        "version": torch.__version__,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "pictures": len(pictures),
        "seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
