#!/usr/bin/env python3
"""Times one of the peers' networks at prediction and prints one JSON object.

batch1_us: one picture at a time, the median call of at most --calls and 20 seconds. whole_s: all test
pictures in batches, after a warm-up. plain: fp32, NCHW. tuned: the faster of the ways PyTorch 1.13
has on a CPU, channels-last fp32 compiled with torch.jit (bfloat16 autocast is slower here).
"""

import argparse
import json
import statistics
import time

import torch

from pytorch_models import MODELS, read_pictures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="keras-cnn")
    parser.add_argument("--mode", choices=("plain", "tuned"), default="plain")
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--calls", type=int, default=2000, help="single pictures to time")
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--whole-only", action="store_true", help="skip the single pictures")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    pictures, _ = read_pictures(options.data, "t10k")
    model = MODELS[options.model]().eval()
    if options.mode == "tuned":
        model = model.to(memory_format=torch.channels_last)
        pictures = pictures.to(memory_format=torch.channels_last)

    result = {"version": torch.__version__}
    with torch.inference_mode():
        if options.mode == "tuned":
            model = torch.jit.freeze(torch.jit.trace(model, pictures[:options.batch_size]))
        if not options.whole_only:
            seconds = []
            ends = time.perf_counter() + 20
            for i in range(options.calls):
                if time.perf_counter() > ends:
                    break
                one = pictures[i % len(pictures)][None]
                started = time.perf_counter()
                torch.softmax(model(one), 1)
                seconds.append(time.perf_counter() - started)
            result["batch1_us"] = 1e6 * statistics.median(seconds[len(seconds) // 10:])
            model(pictures[:options.batch_size])
        started = time.perf_counter()
        for begin in range(0, len(pictures), options.batch_size):
            torch.softmax(model(pictures[begin:begin + options.batch_size]), 1)
        result["whole_s"] = time.perf_counter() - started
    print(json.dumps(result))


if __name__ == "__main__":
    main()
