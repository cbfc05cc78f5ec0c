"""Memory of a training run on a CPU."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # of malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep what it frees for what it asks for next, to the end of its life.

    The C library gives large blocks back to the system, and each step of a training run asks for the same
    ones again: the system has to fill gigabytes with zeros, page by page. That was half of a step's time
    (``scnn``, stage ``spatial``, batches of 16 at 448x256, one thread: 1.4 samples a second, 2.5 with this).

    Returns:
        False where the C library is another than GNU's; nothing has changed then.
    """
    try:
        tune = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    # one arena, since those of further threads cannot grow to the size of a feature map
    return all([tune(_MMAP_MAX, 0), tune(_TRIM_THRESHOLD, -1), tune(_ARENA_MAX, 1)])
