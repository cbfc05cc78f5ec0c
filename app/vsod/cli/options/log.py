"""``-v``, ``-q`` and ``--log FILE``: what every command takes about its log."""

from __future__ import annotations

import argparse
import re
from contextlib import AbstractContextManager
from pathlib import Path

from vsod import logs, paths
from vsod.errors import UsageError
from vsod.storage.atomic import output_error

_LINE = re.compile(rb"\d{4}-\d\d-\d\d [\d:,]+ \d+ [A-Z]+ vsod")


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options; what is not given is not in its namespace."""
    group = parser.add_argument_group("log")
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "-v",
        dest="verbosity",
        action="count",
        default=argparse.SUPPRESS,
        help="say more on stderr; -vv: everything that is logged",
    )
    loudness.add_argument(
        "-q",
        dest="verbosity",
        action="store_const",
        const=-1,
        default=argparse.SUPPRESS,
        help="say nothing but errors on stderr: no progress, no warnings",
    )
    group.add_argument(
        "--log",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help="append everything that is logged to FILE, too",
    )


def recording(args: argparse.Namespace) -> AbstractContextManager[None]:
    """Log as the options of a command want it, see :func:`vsod.logs.recording`.

    Raises:
        UsageError: ``--log`` names a file that is no log.
        OutputError: It cannot be written.
    """
    file: Path | None = getattr(args, "log", None)
    if file is not None:
        _check(file)
    level = logs.terminal_level(getattr(args, "verbosity", 0))
    return logs.recording(paths.log_dir(), level=level, file=file)


def _check(file: Path) -> None:
    """Refuse to append to what is no log: it may be anybody's clip."""
    try:
        with file.open("a+b") as stream:
            stream.seek(0)
            first = stream.read(80)
    except OSError as error:
        raise output_error(error, file) from error
    if first and not _LINE.match(first):
        raise UsageError(
            "this is no log of vsod-desktop, and nothing is appended to it",
            where=file,
            fix="Give another file after --log.",
        )
