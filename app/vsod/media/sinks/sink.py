"""Sinks: one way to write an export, whatever the format."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from vsod.core.clip import ClipInfo, check_range
from vsod.core.export_settings import Delivery
from vsod.core.output_frame import Layout, Picture
from vsod.errors import OutputError, UsageError
from vsod.media.formats.table import Format, check_suffix
from vsod.media.sinks.ffmpeg_sink import ExternalSink
from vsod.media.sinks.image_sequence_sink import SequenceSink
from vsod.media.sinks.target import Target
from vsod.media.sinks.video_sink import VideoSink
from vsod.storage.atomic import commit_together


class Sink(Protocol):
    """Takes the pictures of a frame range in order. A context manager: an exception aborts it.

    Attributes:
        warnings: What the chosen format cannot carry, in the user's words.
    """

    warnings: list[str]

    def write(self, index: int, picture: Picture) -> None:
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


def open_sink(
    path: str | Path,
    fmt: Format,
    info: ClipInfo,
    *,
    frames: range | None = None,
    tags: Mapping[str, str] | None = None,
    layout: Layout = "matte",
    delivery: Delivery | None = None,
) -> Sink:
    """Start writing.

    Args:
        path: Target file, or folder for a sequence. Its parent must exist.
        fmt: One of :func:`vsod.media.formats.ffmpeg_program.all_formats`.
        info: The source it belongs to.
        frames: The source frames to be written; None for all.
        tags: Notes to put into the file, for example the model's name.
        layout: What the pictures hold.
        delivery: Sound, names, numbers; None for what is usual.

    Raises:
        UsageError: The range is empty, the format cannot carry the layout or live in this file,
            or the target is the source.
        OutputError: The folder cannot be made or written to, or the codec refuses the raster.
    """
    path = Path(path)
    frames = range(info.frame_count) if frames is None else frames
    check_range(info, frames.start, frames.stop)
    if not len(frames) or frames.step != 1:
        raise UsageError("no frames to write", where=path, fix="Choose a range of at least one frame.")
    check_suffix(path, fmt)
    delivery = delivery or Delivery()
    if layout == "cutout" and delivery.alpha == "premultiplied" and fmt.straight_only:
        raise UsageError(
            f"{fmt.title} holds straight colour only, by its specification",
            where=path,
            fix="Leave out --alpha premultiplied, or choose EXR or ProRes 4444.",
        )
    _check_target(path, fmt, info)
    target = Target(path, fmt, info, frames, layout, delivery, dict(tags or {}))
    if fmt.is_sequence:
        return SequenceSink(target)
    return ExternalSink(target) if fmt.external else VideoSink(target)


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


def close_together(sinks: Iterable[Sink]) -> list[Path]:
    """Finish sinks and put all of their files in place, or, if one fails, none. Returns where they are.

    Raises:
        OutputError: One cannot be finished or put in place; what was at the targets before stays.
    """
    return put_in_place(finish_together(sinks))


def _check_target(path: Path, fmt: Format, info: ClipInfo) -> None:
    if _same(path, info.path):
        raise UsageError("the export would overwrite its own source", where=path, fix="Choose another name.")
    if path.is_dir() and not fmt.is_sequence:
        raise UsageError("this is a folder", where=path, fix="Give a file name, or choose a PNG format.")
    if path.exists() and not path.is_dir() and fmt.is_sequence:
        raise UsageError("this is a file", where=path, fix="Give a folder name, or choose a video format.")
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made: {error.strerror}", where=folder, fix="Choose another one."
        ) from error


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
