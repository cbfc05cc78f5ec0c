from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def _open_files() -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return []
    found = []
    for link in folder.iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("/") and not target.startswith(("/dev", "/proc")):
            found.append(target)
    return sorted(found)


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """No test may leave a thread or an open file behind, garbage collection not counted as closing."""
    threads, files = set(threading.enumerate()), _open_files()
    yield
    left = [f for f in _open_files() if f not in files and "pytest" in f]
    assert not left, f"left open: {left}"
    assert set(threading.enumerate()) <= threads
    gc.collect()
    # what outlives the test (libraries, fixtures) is not looked through again after the next one
    gc.freeze()
