"""The log: what is recorded for a bug report, and where it goes.

Every module logs to ``logging.getLogger(__name__)``, a child of the logger ``vsod``: DEBUG where nothing is lost,
WARNING where something is. Imported as a library the program installs nothing; the command line and the window enter
:func:`recording`, which adds a file in the log folder, the terminal, and the last lines in memory.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

LOGGER = logging.getLogger("vsod")
FILE = "vsod-desktop.log"
FAULTS = "vsod-desktop-faults.log"  # tracebacks of crashes in C code; Python cannot log any more by then
SHOWN = {"shown": True}  # ``extra`` of a record that the user has seen already: not for the terminal

_LINES = 1000
_MOST = 1 << 20  # bytes of a file, then it is set aside
_KEPT = 3  # files that were set aside
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


class LogLine(NamedTuple):
    """A record as text, traceback included."""

    level: int
    text: str


class _Formatter(logging.Formatter):
    """``time process LEVEL logger: message``; control characters and line feeds of a message are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:
        return "\n".join(f"    {printable(line)}" for line in super().formatException(ei).splitlines())


class RecentLines(logging.Handler):
    """Keeps the last records as text."""

    def __init__(self, most: int = _LINES) -> None:
        super().__init__()
        self.setFormatter(_Formatter())
        self._lines: deque[LogLine] = deque(maxlen=most)
        self.count = 0  # of all there were

    def emit(self, record: logging.LogRecord) -> None:
        """Called with the handler's lock held."""
        self._lines.append(LogLine(record.levelno, self.format(record)))
        self.count += 1

    def lines(self, level: int = logging.DEBUG) -> list[LogLine]:
        """Those of this level and above, oldest first."""
        self.acquire()
        try:
            return [line for line in self._lines if line.level >= level]
        finally:
            self.release()


class LogFile(logging.FileHandler):
    """Appends to a file that is made with the first record. Never raises: a full disk stops the log and nothing else.

    Several processes may append to one file: each record is one write.

    Args:
        path: The file; its folder is made.
        most: Bytes after which it is renamed to ``NAME.1``, that to ``NAME.2`` and so on; None: never.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)
        self.setFormatter(_Formatter())
        self._path, self._most, self._refused = path, most, False

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        if self._refused:
            return
        try:
            if self._most and self.stream and os.fstat(self.stream.fileno()).st_size > self._most:
                self._set_aside(self._most)
            super().emit(record)
        except OSError:
            self._refused = True

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore errors of writing to the log: there is nowhere to report them."""

    def _open(self) -> TextIOWrapper:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def _set_aside(self, most: int) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None  # opened with the next record
        with suppress(OSError):  # on Windows, while another process has it open
            if self._path.stat().st_size <= most:
                return  # another process was quicker
            for number in range(_KEPT, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number - 1}") if number > 1 else self._path
                with suppress(FileNotFoundError):
                    older.replace(self._path.with_name(f"{self._path.name}.{number}"))


class _Terminal(logging.Handler):
    """``level: message`` on stderr, whatever that is now; with the logger's name and tracebacks where all is wanted."""

    write: Callable[[str], object] | None = None  # else stderr's own

    def emit(self, record: logging.LogRecord) -> None:
        stream: TextIO | None = sys.stderr  # None in a window without a terminal on Windows
        if stream is None or getattr(record, "shown", False):
            return
        source = f"{record.name}: " if self.level <= logging.DEBUG else ""
        text = f"{record.levelname.lower()}: {source}{printable(record.getMessage())}"
        if record.exc_info and self.level <= logging.DEBUG:
            text += "\n" + _Formatter().formatException(record.exc_info)
        with suppress(OSError, ValueError):  # it may be gone
            (self.write or stream.write)(f"{text}\n")
            stream.flush()


_recent = RecentLines()
_terminal = _Terminal(logging.WARNING)


def printable(text: str) -> str:
    """``text`` in one line, with escapes for whatever is no printable character."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def terminal_level(verbosity: int) -> int:
    """The lowest level that is shown in the terminal, for ``-q`` (-1), nothing (0), ``-v`` (1), ``-vv`` (2)."""
    return _LEVELS.get(verbosity, logging.DEBUG)


def is_quiet() -> bool:
    """Whether nothing but errors is wanted in the terminal."""
    return _terminal.level > logging.WARNING


def set_terminal_writer(write: Callable[[str], object] | None) -> None:
    """Write the lines for the terminal by ``write``, which knows what else is drawn there; None for stderr's own."""
    _terminal.write = write


def recent() -> RecentLines:
    """The last 1,000 records."""
    return _recent


@contextmanager
def recording(
    folder: Path | None, *, level: int = logging.WARNING, file: Path | None = None
) -> Iterator[None]:
    """Record what is logged in here; in the end all is as it was before.

    Args:
        folder: Of the log files, made with the first record; None for none.
        level: The lowest one that is shown in the terminal. The files get all.
        file: Another file to append to.
    """
    handlers: list[logging.Handler] = [_terminal, _recent]
    if folder is not None:
        handlers.append(LogFile(folder / FILE, _MOST))
    if file is not None:
        handlers.append(LogFile(file))
    before = LOGGER.level, _terminal.level
    LOGGER.setLevel(logging.DEBUG)
    _terminal.setLevel(level)
    for handler in handlers:
        LOGGER.addHandler(handler)
    with ExitStack() as stack:
        stack.callback(_release, handlers, *before)
        stack.enter_context(_faults(folder))
        stack.enter_context(_warnings())
        stack.enter_context(_threads())
        yield


def _release(handlers: list[logging.Handler], level: int, terminal_level: int) -> None:
    for handler in handlers:
        LOGGER.removeHandler(handler)
        if isinstance(handler, LogFile):
            with suppress(OSError):  # a full disk, for the second time
                handler.close()
    LOGGER.setLevel(level)
    _terminal.setLevel(terminal_level)


@contextmanager
def _faults(folder: Path | None) -> Iterator[None]:
    """A crash in C code leaves the traceback of every thread in the folder, or else on stderr."""
    if faulthandler.is_enabled():  # by the environment, or by a test runner
        yield
        return
    with ExitStack() as stack:
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                faulthandler.enable(stack.enter_context((folder / FAULTS).open("a")))
            elif sys.stderr is not None:
                faulthandler.enable()
        except (OSError, ValueError) as error:
            LOGGER.debug("crashes leave no traceback: %s", error)
        stack.callback(faulthandler.disable)
        yield


@contextmanager
def _warnings() -> Iterator[None]:
    """Warnings of Python and its libraries are logged."""
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is None:
            logger = LOGGER.getChild("warnings")
            logger.warning("%s: %s (%s:%d)", category.__name__, message, filename, lineno)
        else:
            before(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:
            warnings.showwarning = before


@contextmanager
def _threads() -> Iterator[None]:
    """An exception that ends a thread is logged, too."""
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "?"
        if args.exc_value is not None:
            LOGGER.error("thread %s ended: %s", name, args.exc_value, exc_info=args.exc_value, extra=SHOWN)
        before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        if threading.excepthook is hook:
            threading.excepthook = before
