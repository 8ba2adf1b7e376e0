"""What the peers that predict share: their options, and how calls are timed."""

import argparse
import json
import statistics
import time

# Of the sizes of batches each contender's best counts.
BATCH_SIZES = (32, 128, 500)

WHOLE_BATCH_SIZE = 500


def parse(description, **more):
    """more: the peer's own options, {name: keyword arguments of add_argument}."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, arguments in more.items():
        parser.add_argument(f"--{name}", **arguments)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2, help="time each figure that long")
    parser.add_argument("--limit", type=int, help="the first so many test pictures")
    parser.add_argument("--whole-only", action="store_true",
                        help="predict all pictures once and measure nothing")
    return parser.parse_args()


def median_call(call, seconds):
    """The median time of a call: after a few that do not count, as many as fit into the seconds."""
    for _ in range(3):
        call()
    times, ends = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < ends:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measure(predict, pictures, options, **facts):
    """Times predict(pictures[a:b]) and prints one JSON object; facts are printed with it."""
    if options.whole_only:
        for begin in range(0, len(pictures), WHOLE_BATCH_SIZE):
            predict(pictures[begin:begin + WHOLE_BATCH_SIZE])
        return
    batches = {size: pictures[:size] for size in (1, *BATCH_SIZES) if size <= len(pictures)}
    calls_us = {size: 1e6 * median_call(lambda batch=batch: predict(batch), options.seconds)
                for size, batch in batches.items()}
    print(json.dumps({**facts, "calls_us": calls_us}))
