"""Work that the program does in a process of its own: it starts itself once more, with a task."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

WORD = "--apart"


def command(task: str, words: Sequence[str]) -> list[str]:
    """What to start for calling ``task`` ("module:function") with ``words``.

    Frozen, the executable is the program; else it is Python's.
    """
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "vsod"]
    return [*program, WORD, task, *words]


def called(argv: Sequence[str]) -> bool:
    """Do the task, if the program's arguments ask for one; whether they did."""
    if argv[:1] != [WORD]:
        return False
    module, _, function = argv[1].partition(":")
    getattr(import_module(module), function)(*argv[2:])
    return True
