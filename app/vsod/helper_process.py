"""Work that the program does in a process of its own: it starts itself once more, with a task.

Such a process runs the program's code and nothing else: whatever lies in the folder the user happens to be
in (a download folder may hold a ``torch.py``) is no module of it, nor of a process that it starts itself.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from vsod import logs
from vsod.errors import Cancelled, ProcessError

HELPER_FLAG = "--helper"
_TASK = (
    "VSOD_HELPER"  # says the task once more: words alone may come from a file name that a shell put in for *
)
_POLL = 0.02  # seconds between two looks at whether it has ended
_TAIL = 65536  # bytes of its complaints that are read
_FOLDERS = ("VSOD_CACHE", "VSOD_CONFIG", "VSOD_DATA", "VSOD_LOGS")  # the variables of vsod.paths
_LINE = 500  # characters of its last words that are told
_CRASH = "Fatal Python error: "  # as faulthandler begins
_RECORD = re.compile(r"(debug|info|warning|error|critical): ")  # as vsod.logs writes them on stderr

_log = logging.getLogger(__name__)


def helper_command(task: str, words: Sequence[str]) -> list[str]:
    """What to start for calling ``task`` ("module:function") with ``words``.

    Frozen, the executable is the program; else it is Python's, which is told to leave the current folder alone.
    """
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "vsod"]
    return [*program, HELPER_FLAG, task, *words]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables such a process is started with: it finds what this one finds, but for the current folder.

    Args:
        more: Further variables.
    """
    # the other process runs elsewhere
    folders = {name: str(Path(text).absolute()) for name in _FOLDERS if (text := os.environ.get(name))}
    return {
        **os.environ,
        **folders,
        **(more or {}),
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": os.pathsep.join(_module_places()),
    }


def task_name(function: Callable[..., object]) -> str:
    """``"module:function"``, by which a helper process finds a function at the top level of a module."""
    return f"{function.__module__}:{function.__name__}"


def run(
    task: Callable[..., object] | str,
    words: Sequence[str],
    cancel: threading.Event | None = None,
    *,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Call ``task`` with ``words`` in a process of its own, and wait for it.

    Args:
        task: What to call: a function, or the ``"module:function"`` of one that must not be imported here.
        words: Its arguments. Paths among them must be absolute: it runs in an empty folder.
        cancel: Set it from another thread to end the process.
        variables: Environment variables besides the program's own.

    Raises:
        Cancelled: ``cancel`` was set.
        ProcessError: The process failed; with its last words.
        OSError: It cannot be started.
    """
    task = task if isinstance(task, str) else task_name(task)
    with tempfile.TemporaryDirectory(prefix="vsod-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / "cwd"
        folder.mkdir()
        with (Path(place) / "complaints").open("w+b") as complaints:
            process = subprocess.Popen(
                helper_command(task, words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                cwd=folder,
                env=environment({**(variables or {}), _TASK: task}),
            )
            try:
                _wait(process, cancel)
            finally:
                said = _said(complaints.fileno())
                _log_lines(task, said, logging.INFO if process.returncode else logging.DEBUG)
            if process.returncode:
                raise ProcessError(task, process.returncode, _last_words(said))


def run_if_helper(argv: Sequence[str]) -> bool:
    """Do the task, if this process was started for one by :func:`run`; whether it was."""
    task = os.environ.pop(_TASK, None)
    if task is None or argv[:2] != [HELPER_FLAG, task]:
        return False
    module, _, function = argv[1].partition(":")
    with logs.recording(None, level=logging.DEBUG):  # on stderr, from where the other process logs it
        getattr(import_module(module), function)(*argv[2:])
    return True


def _module_places() -> list[str]:
    """Module search path of the helper process: absolute folders that exist, without the current one.

    Python puts that one first for ``-m`` and ``-c``, without being asked; only if the program itself
    lies there it stays.
    """
    home = Path(__file__).resolve().parents[2]
    here = Path.cwd() if _current_folder_exists() else None
    places = []
    for text in dict.fromkeys([str(home), *sys.path]):
        place = Path(text)
        if not text or not place.is_absolute() or not place.exists():
            continue
        if here is None or not place.samefile(here) or place.samefile(home):
            places.append(text)
    return places


def _current_folder_exists() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _wait(process: subprocess.Popen[bytes], cancel: threading.Event | None) -> None:
    """Wait for the end of a process; it never outlives the wait."""
    try:
        while process.poll() is None:
            if cancel is not None and cancel.is_set():
                raise Cancelled
            time.sleep(_POLL)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _said(handle: int) -> list[str]:
    """The last lines that say something in an open file of complaints."""
    size = os.fstat(handle).st_size
    os.lseek(handle, max(size - _TAIL, 0), os.SEEK_SET)
    text = os.read(handle, _TAIL).decode(errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _last_words(lines: list[str]) -> str:
    """What a process said last, before the traceback of a crash; empty if it said nothing."""
    crash = next((number for number, line in enumerate(lines) if line.startswith(_CRASH)), len(lines))
    last = lines[crash - 1 : crash] if crash else lines[:1]
    return last[0][-_LINE:] if last else ""


def _log_lines(task: str, lines: Sequence[str], level: int) -> None:
    """Log what a process said; what it logged itself keeps its level."""
    for line in lines:
        record = _RECORD.match(line)
        own = logging.getLevelNamesMapping()[record[1].upper()] if record else level
        _log.log(own, "%s: %s", task, line[record.end() :] if record else line)
