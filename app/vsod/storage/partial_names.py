"""Names of files that are being written: whose they are, and whether their writer is still there."""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path

_PARTIAL = re.compile(
    r"\.(?P<target>.+)\.partial-(?P<host>[^-]*)-(?P<process>\d+)-(?P<random>[0-9a-f]+)", re.DOTALL
)
_HOST = re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:40]
_MOST_BYTES = 255  # file systems take no longer names


def name_limit(folder: Path) -> int:
    """Bytes that a name in a folder may have; of a folder that is to be made, in the nearest one that is there."""
    for place in (folder, *folder.absolute().parents):
        try:
            return os.pathconf(place, "PC_NAME_MAX")
        except (AttributeError, ValueError, OSError):  # no such question on Windows; no such folder
            continue
    return _MOST_BYTES


def partial_name(target: str) -> str:
    """A hidden, unpredictable name for ``target`` while it is written."""
    suffix = f".partial-{_HOST}-{os.getpid()}-{secrets.token_hex(8)}"
    stem = target
    while len(os.fsencode(f".{stem}{suffix}")) > _MOST_BYTES:
        stem = stem[:-1]
    return f".{stem}{suffix}"


def target_of(name: str) -> str | None:
    """What a partial name was made for (shortened, if that was long); None for any other name."""
    found = _PARTIAL.fullmatch(name)
    return found["target"] if found else None


def is_stale(name: str) -> bool:
    """Whether a partial name's writer ran on this machine and is gone."""
    found = _PARTIAL.fullmatch(name)
    return found is not None and found["host"] == _HOST and not runs(int(found["process"]))


def runs(process: int) -> bool:
    """Whether there is a process of this number here; where that cannot be known, True."""
    if os.name == "nt":
        return True  # asking there would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
