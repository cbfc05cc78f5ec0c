"""A folder that takes the place of another in one step, or in two of which the first can be undone."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from vsod.storage.partial_files import BEFORE
from vsod.storage.partial_names import partial_name

_AT_FDCWD, _EXCHANGE = -100, 2


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system or the volume cannot, and nothing has changed."""
    swap = _renameat2()
    return swap is not None and not swap(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE
    )


def put_folder(whole: Path, target: Path) -> Path | None:
    """Put a finished folder at ``target``.

    Returns:
        Where what was there before is now; None if nothing was. The caller removes it, or undoes the exchange with
        :func:`take_back`.

    Raises:
        OSError: The disk refuses; ``target`` is what it was.
    """
    if not os.path.lexists(target):
        whole.rename(target)
        return None
    if exchange(whole, target):
        return whole
    before = target.with_name(partial_name(BEFORE + target.name))
    target.rename(before)
    try:
        whole.rename(target)
    except BaseException:
        before.rename(target)
        raise
    return before


def take_back(whole: Path, target: Path, before: Path | None) -> None:
    """Undo :func:`put_folder`, which gave ``before``: ``whole`` is at its own name again.

    Raises:
        OSError: The disk refuses.
    """
    if before == whole and exchange(whole, target):
        return
    target.rename(whole)
    if before is not None:
        before.rename(target)


@cache
def _renameat2() -> Any:
    """Linux's rename with flags; None on other systems."""
    if sys.platform != "linux":
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    call.restype = ctypes.c_int
    return call
