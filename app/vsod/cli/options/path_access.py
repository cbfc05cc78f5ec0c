"""Which options name files that a command reads, and which name files that it writes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Literal

Access = Literal["read", "write"]


def reads(action: argparse.Action) -> None:
    """Note that an option names what is read."""
    action.access = "read"  # type: ignore[attr-defined]


def writes(action: argparse.Action) -> None:
    """Note that an option names what is written."""
    action.access = "write"  # type: ignore[attr-defined]


def path_options(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.Action, Access]]:
    """Every option or argument of a command that names a file or folder, and what is done to that."""
    for action in parser._actions:  # argparse has no public list of them
        access = getattr(action, "access", None)
        if access is not None:
            yield action, access


def every_command(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command of a parser by its words, ``"labels fuse"`` say."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                inner = list(every_command(command))
                yield from ((f"{name} {words}", deeper) for words, deeper in inner)
                if not inner:
                    yield name, command


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Give a command that writes the option to replace what others wrote."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace also files that vsod-desktop did not write (its own are replaced anyway)",
    )
