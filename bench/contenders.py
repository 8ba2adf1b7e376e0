"""Who takes part in a side-by-side comparison: the peers' Pythons, their environment variables, and
the options that cut a run to some of the contenders.
"""

import ctypes.util
import os
import pathlib
import shutil
import subprocess
import sys

from measure import ROOT, run


def can_import(python, modules):
    return bool(shutil.which(python)) and subprocess.run(
        [python, "-c", f"import {modules}"], capture_output=True, check=False).returncode == 0


def find_python(modules, python=None):
    """A Python that can import these modules ("torch, numpy"), or None."""
    candidates = [python] if python else [sys.executable, "/usr/bin/python3", "python3"]
    return next((found for found in candidates if can_import(found, modules)), None)


def find_peer(options, environment="current"):
    """The Python of one of make-peers' environments, or None if it is not there."""
    python = options.peers.absolute() / environment / "bin" / "python"
    return python if python.is_file() else None


def versions(python, *packages):
    """Of installed packages, without what a build appends to them."""
    script = ("import sys; from importlib import metadata; "
              "print(*(metadata.version(name) for name in sys.argv[1:]))")
    return [word.partition("+")[0] for word in run([python, "-c", script, *packages])[1].split()]


def peer_environment(threads, **more):
    """A peer's environment variables.

    OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset: where old OpenBLAS builds need them, they slow
    down current ones.
    """
    kept = {name: value for name, value in os.environ.items()
            if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    return {**kept, "OMP_NUM_THREADS": str(threads), **more}


def tuned_allocator():
    """(name, environment variables) of an allocator that keeps what is freed.

    Otherwise every step of a network pays for its pages anew. tcmalloc is what PyTorch's own guide
    to tuning for CPUs recommends; without it, glibc's malloc is told to.
    """
    tcmalloc = ctypes.util.find_library("tcmalloc_minimal")
    if tcmalloc:
        return "tcmalloc", {"LD_PRELOAD": tcmalloc}
    return "glibc's malloc, keeping what is freed", {
        "MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "4294967296",
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def tuned_environment(threads):
    return peer_environment(threads, **tuned_allocator()[1])


def add_peers_option(parser):
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "build" / "peers",
                        help="the folder that bench/make-peers made")


def add_contender_options(parser, contenders):
    """--only, --without, --peers and --results; contenders: {key: what it is}."""
    listed = "; ".join(f"{key}: {what}" for key, what in contenders.items())
    parser.add_argument("--only", nargs="+", choices=list(contenders), metavar="CONTENDER",
                        help=f"these contenders ({listed})")
    parser.add_argument("--without", nargs="+", choices=list(contenders), metavar="CONTENDER",
                        default=[], help="all but these contenders")
    add_peers_option(parser)
    parser.add_argument("--results", metavar="NAME",
                        help="name of the result files, for a run that is not to replace the whole "
                        "one's")


def wanted(options, key):
    return key not in options.without and (options.only is None or key in options.only)
