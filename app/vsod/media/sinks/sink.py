"""The base of everything an export is written to, and how its files get to their places together."""

from __future__ import annotations

import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError
from vsod.media.sinks.target import SinkTarget
from vsod.storage.atomic import commit_together, discard, output_error


class Sink(ABC):
    """Takes the pictures of a frame range in order. A context manager: an exception aborts it.

    What is written lies under a temporary name until :meth:`close` puts it in place. A new kind of
    sink sets :attr:`partial` when it is opened and implements ``_write``, ``_complete`` and ``_release``.

    Args:
        target: What is to be written, and where.

    Attributes:
        warnings: What the chosen format cannot carry, in the user's words.
        path: Where the result goes.
        partial: Where it lies until then; None before there is anything.
    """

    _errors: tuple[type[Exception], ...] = ()
    """What ``_write`` and ``_complete`` may raise beside ``OSError``."""

    def __init__(self, target: SinkTarget) -> None:
        self.warnings: list[str] = []
        self.path = target.path
        self.partial: Path | None = None
        self._frames = target.frames
        self._next = target.frames.start
        self._ended = False

    def write(self, index: int, picture: OutputFrame) -> None:
        """Add what source frame ``index`` becomes; the next one in order.

        Args:
            index: Ordinal in the source.
            picture: Upright, of ``info.upright_size`` and of the content the sink was opened for.

        Raises:
            ValueError: Another frame is due, or another picture.
            OutputError: Disk full, drive gone, codec refuses; everything partial is removed.
        """
        if self._ended or index != self._next or index >= self._frames.stop:
            raise ValueError(f"frame {index} written where {self._next} is due")
        with self._aborting():
            self._write(index, picture)
        self._next += 1

    def finish(self) -> tuple[Path, Path]:
        """Write everything to disk under a temporary name: (temporary path, final path).

        Raises:
            OutputError: As for ``write``, or frames are missing.
        """
        if not self._ended:
            if self._next != self._frames.stop:
                self.abort()
                raise OutputError(
                    f"{self._next - self._frames.start} of {len(self._frames)} frames were written",
                    where=self.path,
                    fix="Export again; if it happens again, report it.",
                )
            with self._aborting():
                self._complete()
            self._ended = True
        assert self.partial is not None
        return self.partial, self.path

    def close(self) -> Path:
        """Finish, and move the result to its path in one step. Returns the path."""
        if not self._ended:
            commit_together([self.finish()])
        return self.path

    def abort(self) -> None:
        """Remove everything partial; what was at the target before stays. Never raises."""
        self._ended = True
        self._release()
        if self.partial is not None:
            discard(self.partial)

    @contextmanager
    def _aborting(self) -> Iterator[None]:
        """Turns errors of disk and codec into an OutputError, once everything partial is gone."""
        expected: tuple[type[Exception], ...] = (*self._errors, OSError)
        try:
            yield
        except expected as error:
            self.abort()
            raise output_error(error, self.path) from error

    @abstractmethod
    def _write(self, index: int, picture: OutputFrame) -> None:
        """Add the picture of the frame that is due."""

    @abstractmethod
    def _complete(self) -> None:
        """Bring what was written to the disk."""

    def _release(self) -> None:
        """Close what is open; whatever goes wrong is logged, not raised."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def finish_together(sinks: Iterable[Sink]) -> list[tuple[Path, Path]]:
    """Bring all files of a job to the disk: for each, where it is, whole and hidden, and where it goes.

    Raises:
        OutputError: One cannot be finished.
    """
    return [sink.finish() for sink in sinks]


def put_in_place(
    whole: Sequence[tuple[Path, Path]], *, good: bool = True, keep_older: bool = False
) -> list[Path]:
    """Put all files of a job, as :func:`finish_together` gave them, in place, or, if one fails, none.

    Args:
        whole: Where each is, and where it goes.
        good: They passed the checks. If not, they replace nothing: where something is in one of the places, all get
            names beside them, see :func:`failed_path`.
        keep_older: Images of earlier exports stay in a folder, see :func:`vsod.storage.atomic.commit_together`.

    Returns:
        Where they are.

    Raises:
        OutputError: The disk refuses; what was at the targets before stays.
    """
    aside = not good and any(os.path.lexists(target) for _, target in whole)
    placed = [(partial, failed_path(target) if aside else target) for partial, target in whole]
    commit_together(placed, keep_older=keep_older)
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
    """Close sinks and put all of their files in place, or, if one fails, none. Returns the paths.

    Raises:
        OutputError: One cannot be finished or put in place; what was at the targets before stays.
    """
    return put_in_place(finish_together(sinks))
