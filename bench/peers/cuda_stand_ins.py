#!/usr/bin/env python3
"""Lets PyPI's PyTorch be imported without the gigabytes of CUDA libraries that it is linked to.

Run by the Python whose PyTorch it is. PyPI has no PyTorch for CPUs alone: its wheel names a dozen
CUDA libraries that the loader demands and that a machine without a GPU never calls. Beside the
wheel's own libraries this puts small ones of those names and symbols, whose functions all answer
"no device". What runs on the CPU is PyTorch's, unchanged. Needs nm, readelf (binutils) and cc.
"""

import pathlib
import re
import subprocess
import sysconfig
import tempfile

# cudaErrorNoDevice. The other libraries of CUDA take it for an error as well.
NO_DEVICE = 100

CUDA_LIBRARY = re.compile(r"lib(cu|nv|nccl)\w*\.so\.\d+")

# Libraries whose symbols carry no version that would say where they belong.
PREFIXES = {"libcuda": "cu[A-Z]", "libcufile": "cuFile", "libcusparseLt": "cusparseLt",
            "libnccl": "nccl"}


def output_of(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def needed_libraries(library):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", library))


def needed_versions(library):
    """(library, version of its symbols) that are asked for."""
    found, file = set(), None
    for line in output_of("readelf", "-VW", library).splitlines():
        words = line.split()
        if "File:" in words:
            file = words[words.index("File:") + 1]
        elif file and "Name:" in words:
            found.add((file, words[words.index("Name:") + 1]))
    return found


def undefined_symbols(library):
    """Names, with @VERSION where they have one."""
    lines = output_of("nm", "-D", "--undefined-only", library).splitlines()
    return {line.split()[-1] for line in lines}


def symbols_of(name, version, wanted):
    """Those of the wanted symbols that belong to the library of this name."""
    prefix = PREFIXES.get(name.partition(".so")[0])
    if version is None:
        return [symbol for symbol in wanted if prefix and re.match(prefix + r"\w*$", symbol)]
    return [symbol.partition("@")[0] for symbol in wanted if symbol.endswith(f"@{version}")]


def make_stand_in(path, symbols):
    """A shared library of functions that return NO_DEVICE; symbols: {version or None: names}."""
    labels = "".join(f".globl {name}\n.type {name}, @function\n{name}:\n"
                     for names in symbols.values() for name in names)
    script = "".join(f"{version} {{ global: {''.join(f'{name}; ' for name in names)}}};\n"
                     for version, names in symbols.items() if version)
    with tempfile.TemporaryDirectory() as folder:
        code, versions = pathlib.Path(folder) / "code.s", pathlib.Path(folder) / "versions"
        code.write_text(f".text\n{labels} mov ${NO_DEVICE}, %eax\n ret\n"
                        ".section .note.GNU-stack,\"\",@progbits\n", encoding="utf-8")
        versions.write_text(script, encoding="utf-8")
        scripted = [f"-Wl,--version-script={versions}"] if script else []
        output_of("cc", "-shared", "-nostdlib", f"-Wl,-soname,{path.name}", *scripted,
                  "-o", path, code)


def main():
    libraries = pathlib.Path(sysconfig.get_path("platlib")) / "torch" / "lib"
    own = list(libraries.glob("lib*.so"))
    needed = {name for library in own for name in needed_libraries(library)
              if CUDA_LIBRARY.fullmatch(name)}
    wanted = set().union(*map(undefined_symbols, own))
    versions = set().union(*map(needed_versions, own))
    for name in sorted(needed):
        of_name = [version for file, version in versions if file == name]
        make_stand_in(libraries / name, {version: sorted(symbols_of(name, version, wanted))
                                         for version in [*of_name, None]})
    print(f"{len(needed)} stand-ins for CUDA libraries in {libraries}")


if __name__ == "__main__":
    main()
