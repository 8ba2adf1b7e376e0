"""What the peers that train networks share: their options, and how they tell of their epochs."""

import argparse
import json
import time


def parse(description, models, modes):
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=models, default="keras-cnn")
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="train on the first pictures only")
    return parser.parse_args()


def say(**what):
    print(json.dumps(what), flush=True)


def tell_epochs(epochs, train_epoch):
    """Calls train_epoch() -> (loss, accuracy) that often and prints each epoch with its time."""
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        loss, accuracy = train_epoch()
        say(epoch=epoch, seconds=time.perf_counter() - started, loss=loss, accuracy=accuracy)
