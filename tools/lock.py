"""Write the lock files: every version that is installed anywhere in this project, with its hashes.

    python tools/lock.py [--upgrade] [--wheels FOLDER]

It asks the package index through ``uv``, keeps the versions that are locked already unless ``--upgrade`` is
given, and writes, each without what an earlier one has:

* ``locks/dev.txt``: what ``make setup`` installs: the program, tests, checks, and what builds the package;
* ``locks/cpu.txt``: the builds of torch for CPUs alone that were found in ``FOLDER``; pip prefers the index's, so that
  ``make setup`` asks for these first, where pip is told of some (``--find-links``);
* ``locks/cuda.txt``: what the usual Linux build of torch wants besides, and the build for CPUs alone does not;
* ``locks/build.txt``: what ``make app`` and the compiling of PyDenseCRF need;
* ``locks/extras.txt``: what is optional and has no other place.

Without ``FOLDER`` the builds that are locked already stay, as long as the version does.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"
PYTHON = "3.11"
# their own pins are too strict: the part of pysodmetrics that is used runs with these
LOOSENED = ("numpy>=2", "scipy>=1.12")
DEV = ("pysodmetrics==1.4.3", "hatchling>=1.27", "editables>=0.5")
# PyDenseCRF's sources ask for this Cython
BUILD = ("pyinstaller>=6.22.2", "cython==0.29.36", "wheel>=0.46.2")
NVIDIA = re.compile(r"nvidia-|cuda-|triton\b")
HEAD = "# Made by `make lock`; not to be edited.\n"

Pins = dict[str, list[str]]
"""Name -> the lines of its pins: a version, with the Pythons and systems it is for, then its hashes."""


def compiled(extras: list[str], more: tuple[str, ...], known: Pins) -> Pins:
    """What ``uv`` makes of the project with some extras, and further requirements."""
    with tempfile.TemporaryDirectory() as folder:
        inputs, over, locked, made = (Path(folder) / n for n in ("in.in", "over.txt", "known.txt", "out.txt"))
        inputs.write_text("\n".join(more))
        over.write_text("\n".join(LOOSENED))
        versions = (line.rstrip(" \\") for lines in known.values() for line in lines if "==" in line)
        locked.write_text("\n".join(versions))
        words = [
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--python-version",
            PYTHON,
            "--generate-hashes",
        ]
        words += ["--no-header", "--no-annotate", "--override", str(over), "-c", str(locked), "-o", str(made)]
        words += [word for extra in extras for word in ("--extra", extra)]
        subprocess.run([*words, "pyproject.toml", str(inputs)], cwd=ROOT, check=True)
        return pins(made.read_text())


def pins(text: str) -> Pins:
    """The pins of a lock file."""
    found: Pins = {}
    for block in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.M)):
        lines = [line for line in block.splitlines() if line.strip()]
        if lines:
            # one that is other for another Python has two blocks
            found.setdefault(lines[0].split("==")[0], []).extend(lines)
    return found


def read(name: str) -> Pins:
    """The pins of a lock file as it is; none if there is no such file."""
    file = LOCKS / name
    return pins(file.read_text()) if file.is_file() else {}


def write(name: str, what: str, found: Pins) -> None:
    """Write a lock file."""
    lines = [line for pin in sorted(found) for line in found[pin]]
    (LOCKS / name).write_text(HEAD + f"# {what}\n" + "\n".join(lines) + "\n")


def builds(version: str, wheels: Path | None) -> Pins:
    """The builds of torch ``version`` in a folder, or those locked already."""
    head = f"torch=={version} \\"
    if wheels is None:
        known = read("cpu.txt")
        return known if known.get("torch", [""])[0] == head else {}
    hashes = []
    for wheel in sorted(wheels.glob(f"torch-{version}+*.whl")):
        with wheel.open("rb") as file:
            hashes.append(f"    --hash=sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
    return {"torch": [head, *(f"{line} \\" for line in hashes[:-1]), *hashes[-1:]]} if hashes else {}


def main() -> int:
    """Write all lock files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    parser.add_argument("--wheels", type=Path, help="folder with other builds of torch")
    args = parser.parse_args()
    known: Pins = {}
    if not args.upgrade:
        for name in ("dev.txt", "cuda.txt", "build.txt", "extras.txt"):
            known |= read(name)
    whole = compiled(["dev", "crf", "matting", "evaluate", "exr", "raft"], (*DEV, *BUILD), known)
    dev = compiled(["dev"], DEV, whole)
    cuda = {name: lines for name, lines in dev.items() if NVIDIA.match(name)}
    build = {n: p for n, p in compiled(["dev"], (*DEV, *BUILD), whole).items() if n not in dev}
    extras = {n: p for n, p in whole.items() if n not in dev and n not in build and n not in cuda}
    dev = {name: lines for name, lines in dev.items() if name not in cuda}
    version = dev["torch"][0].split("==")[1].split()[0]
    cpu = builds(version, args.wheels)
    LOCKS.mkdir(exist_ok=True)
    write("dev.txt", "The program, its tests and checks.", dev)
    write("cpu.txt", "torch for CPUs alone, where pip is told of such a build.", cpu)
    write("cuda.txt", "What torch with CUDA wants besides; installed where that is the build of torch.", cuda)
    write("build.txt", "What packs the app and compiles PyDenseCRF.", build)
    write("extras.txt", "Optional: make extras.", extras)
    return 0


if __name__ == "__main__":
    sys.exit(main())
