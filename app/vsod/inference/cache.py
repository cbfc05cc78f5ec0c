"""The user's cache: what lies in it, how large it may grow, and how it is emptied."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from vsod import paths
from vsod.errors import UsageError

BUSY = 300.0  # seconds since its last use for which a folder may belong to a running job
_DEFAULT = 4.0  # GiB


@dataclass(frozen=True, slots=True)
class Usage:
    """One part of the cache.

    Attributes:
        kind: Name of its folder: ``maps`` (saliency, by clip and model) or ``compiled`` (networks).
        items: Entries in it.
        bytes: They take.
    """

    kind: str
    items: int
    bytes: int


def budget() -> int:
    """Bytes that all stored maps may take together; ``VSOD_CACHE_GB`` sets it in GiB (4).

    Raises:
        UsageError: It is no number above zero.
    """
    text = os.environ.get("VSOD_CACHE_GB", "")
    try:
        size = float(text) if text else _DEFAULT
    except ValueError:
        size = 0.0
    if not 0 < size < float("inf"):
        raise UsageError(f"VSOD_CACHE_GB is '{text}'", fix="Set it to a number of gibibytes, such as 20.")
    return int(size * (1 << 30))


def usage() -> list[Usage]:
    """What lies in the cache, by kind."""
    root = paths.cache_dir()
    kinds = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
    return [Usage(k.name, sum(1 for _ in k.iterdir()), size_of(k)) for k in kinds]


def clear() -> tuple[int, int]:
    """Empty the cache, but for what may be in use.

    Returns:
        Bytes that were freed, and entries that were left because a job used them in the last minutes.
    """
    root, freed, left = paths.cache_dir(), 0, 0
    recent = time.time() - BUSY
    for kind in [p for p in root.iterdir() if p.is_dir()] if root.is_dir() else []:
        for entry in kind.iterdir():
            if _used(entry) > recent:
                left += 1
                continue
            freed += size_of(entry)
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
    return freed, left


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for file in path.rglob("*") if path.is_dir() else [path]:
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total


def _used(entry: Path) -> float:
    """When an entry was last written to or opened by a job."""
    times = [entry.stat().st_mtime]
    if entry.is_dir():
        times += [p.stat().st_mtime for p in entry.iterdir()]
    return max(times)
