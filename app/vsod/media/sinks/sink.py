"""Sinks: one way to write an export, whatever the format."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from vsod.core.output_frame import OutputFrame
from vsod.storage.atomic import commit_together


class Sink(Protocol):
    """Takes the pictures of a frame range in order. A context manager: an exception aborts it.

    Attributes:
        warnings: What the chosen format cannot carry, in the user's words.
    """

    warnings: list[str]

    def write(self, index: int, picture: OutputFrame) -> None:
        """Add what source frame ``index`` becomes; the next one in order.

        Args:
            index: Ordinal in the source.
            picture: Upright, of ``info.upright_size`` and of the layout the sink was opened for.

        Raises:
            OutputError: Disk full, drive gone, codec refuses; everything partial is removed.
        """

    def finish(self) -> tuple[Path, Path]:
        """Bring everything to the disk, whole but not yet in its place: (where it is, where it goes).

        Raises:
            OutputError: As for ``write``, or frames are missing.
        """

    def close(self) -> Path:
        """Finish, and put the result in its place in one step. Returns where it is."""

    def abort(self) -> None:
        """Remove everything partial; what was at the target before stays. Never raises."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def finish_together(sinks: Iterable[Sink]) -> list[tuple[Path, Path]]:
    """Bring all files of a job to the disk: for each, where it is, whole and hidden, and where it goes.

    Raises:
        OutputError: One cannot be finished.
    """
    return [sink.finish() for sink in sinks]


def put_in_place(whole: Sequence[tuple[Path, Path]], *, good: bool = True) -> list[Path]:
    """Put all files of a job, as :func:`finish_together` gave them, in place, or, if one fails, none.

    Args:
        whole: Where each is, and where it goes.
        good: They passed the checks. If not, they replace nothing: where something is in one of the places, all get
            names beside them, see :func:`failed_path`.

    Returns:
        Where they are.

    Raises:
        OutputError: The disk refuses; what was at the targets before stays.
    """
    aside = not good and any(os.path.lexists(target) for _, target in whole)
    placed = [(partial, failed_path(target) if aside else target) for partial, target in whole]
    commit_together(placed)
    return [target for _, target in placed]


def failed_path(target: Path) -> Path:
    """A free name beside ``target`` that says that this is not a good one: ``m.failed.mov``, ``m.failed-2.mov``."""
    for number in itertools.count(1):
        word = "failed" if number == 1 else f"failed-{number}"
        path = target.with_name(f"{target.stem}.{word}{target.suffix}")
        if not os.path.lexists(path):
            return path
    raise AssertionError


def close_all_or_none(sinks: Iterable[Sink]) -> list[Path]:
    """Finish sinks and put all of their files in place, or, if one fails, none. Returns where they are.

    Raises:
        OutputError: One cannot be finished or put in place; what was at the targets before stays.
    """
    return put_in_place(finish_together(sinks))
