"""The machine that is measured, in words and as a short name."""

import os
import pathlib
import platform
import re

# Widest first: the flags of /proc/cpuinfo, and what a slug calls them.
INSTRUCTIONS = {"amx_bf16": "amx", "avx512_bf16": "avx512bf16", "avx512f": "avx512",
                "avx2": "avx2"}
VENDORS = {"GenuineIntel": "intel", "AuthenticAMD": "amd"}

# Words of a model name that tell nothing apart.
EMPTY_WORDS = re.compile(r"\((R|TM)\)|@.*|\b(Intel|AMD|CPU|Processor|\d+-Core|\d+th Gen)\b", re.I)


def read_processor():
    """What /proc/cpuinfo says of the first core: {field: text}."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    return {key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in text.splitlines())}


def instructions(processor):
    flags = processor.get("flags", "").split()
    return next((name for name in INSTRUCTIONS if name in flags), "baseline")


def slug(processor):
    """A short name: vendor, model where its name has a number that tells it apart, instructions."""
    vendor = VENDORS.get(processor.get("vendor_id"), processor.get("vendor_id", "unknown").lower())
    model = EMPTY_WORDS.sub(" ", processor.get("model name", "")).lower()
    words = re.findall(r"[a-z0-9-]+", model) if re.search(r"\d", model) else []
    widest = instructions(processor)
    return "-".join([vendor, *words, INSTRUCTIONS.get(widest, widest)])


def machine(threads):
    """The machine in words, for the head of a table."""
    processor = read_processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError, AttributeError):
        system = platform.system()
    return {"cpu": processor.get("model name", platform.processor()),
            "family": processor.get("cpu family"), "model": processor.get("model"),
            "instructions": instructions(processor), "slug": slug(processor),
            "cores": len(os.sched_getaffinity(0)), "threads": threads,
            "memory_gb": round(memory), "system": system}


def describe_machine(described):
    threads = described["threads"]
    return (f"{described['cpu']} (family {described['family']}, model {described['model']}, "
            f"{described['instructions']}), {described['cores']} cores, {threads} "
            f"thread{'s' if threads > 1 else ''}, {described['memory_gb']} GB, "
            f"{described['system']}")
