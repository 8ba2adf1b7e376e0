"""What the side-by-side comparisons share: running programs, tables, results files."""

import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


def run(command, **options):
    """Runs a command to its end. Returns (wall seconds, standard output)."""
    command = [str(word) for word in command]
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        fail(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def find_data(folder):
    """The folder of Fashion-MNIST's IDX files, for peers that do not look for it themselves."""
    candidates = [folder, os.environ.get("THIMBLE_DATA_DIR"), ROOT / ".." / "shared" / "data",
                  pathlib.Path.home() / ".local" / "share" / "thimble"]
    for candidate in filter(None, candidates):
        for path in (pathlib.Path(candidate), pathlib.Path(candidate) / "fashion-mnist"):
            if (path / "train-images-idx3-ubyte.gz").is_file():
                return path.resolve()
    return fail("no Fashion-MNIST found; name its folder with --data")


def median(values):
    return statistics.median(values)


def spread(values):
    """(largest - smallest) / median, in percent."""
    return 100 * (max(values) - min(values)) / median(values)


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def save(name, text, results, trial=False):
    """Prints the text, and unless it is a trial writes it and the results to bench/results/.

    The folder there is the processor's, so that each has its own figures; results["machine"] is
    what machine() said.
    """
    print(f"\n{text}")
    if trial:
        return
    folder = BENCH / "results" / results["machine"]["slug"]
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    (folder / f"{name}.md").write_text(f"{text}\n\nMeasured on {stamp}.\n", encoding="utf-8")
    (folder / f"{name}.json").write_text(
        json.dumps({"date": stamp, **results}, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {folder.relative_to(ROOT)}/{name}.md and {name}.json")
