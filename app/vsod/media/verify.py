"""Reading a finished matte back and proving that it lies over its source."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo, check_range
from vsod.core.timecode import shift
from vsod.errors import MediaError
from vsod.media.clock import export_clock
from vsod.media.readback import MatteFrame, read_matte
from vsod.media.sequence_sink import frame_names
from vsod.media.source import open_source

# One frame's mean matte below this, or above one minus it, counts as empty or full.
_BLANK = 0.001


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``ok`` is None where it is only worth a warning."""

    id: str
    ok: bool | None
    message: str


@dataclass(slots=True)
class VerifyReport:
    """What reading a matte back has shown.

    Attributes:
        source, matte: What was compared.
        checks: One entry for everything looked at, in order.
        area: Share of the picture that is subject, per frame, 0..1: mean matte.
    """

    source: Path
    matte: Path
    checks: list[Check] = field(default_factory=list)
    area: list[float] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if nothing failed; warnings do not count."""
        return all(check.ok is not False for check in self.checks)

    @property
    def failures(self) -> list[str]:
        """The messages of the checks that failed."""
        return [check.message for check in self.checks if check.ok is False]

    @property
    def warnings(self) -> list[str]:
        """The messages of the checks that only warn."""
        return [check.message for check in self.checks if check.ok is None]

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready report."""
        known = np.array(self.area or [0.0])
        return {
            "source": str(self.source),
            "matte": str(self.matte),
            "ok": self.ok,
            "checks": [asdict(check) for check in self.checks],
            "frames": len(self.area),
            "area": {
                "min": round(float(known.min()), 6),
                "mean": round(float(known.mean()), 6),
                "max": round(float(known.max()), 6),
            },
        }

    def add(self, id: str, ok: bool | None, message: str) -> None:
        """Append a check."""
        self.checks.append(Check(id, ok, message))


def verify(
    src: Path,
    matte: Path,
    *,
    frames: range | None = None,
    on_frame: Callable[[], None] | None = None,
) -> VerifyReport:
    """Decode a matte again and compare it with the source it was made from.

    Args:
        src: The source clip, file or folder.
        matte: The matte, file or folder.
        frames: The source frames the matte covers; None for all.
        on_frame: Called after every frame that was looked at; may raise to stop.

    Returns:
        The report; an unreadable matte is a failed check, not an exception.

    Raises:
        MediaError: The *source* cannot be read.
        UsageError: The range lies outside the source.
    """
    src, matte = Path(src), Path(matte)
    with open_source(src) as source:
        info = source.info
    frames = range(info.frame_count) if frames is None else frames
    check_range(info, frames.start, frames.stop)
    report = VerifyReport(src, matte)
    try:
        with open_source(matte) as made:
            other = made.info
    except MediaError as error:
        report.add("readable", False, str(error))
        return report
    report.add("readable", True, "the matte can be opened")
    _compare_count(report, other, frames)
    if other.kind == "sequence":
        _compare_names(report, info, other, frames)
    else:
        _compare_times(report, info, other, frames)
        _compare_timecode(report, info, other, frames)
        _second_reader(report, matte, len(frames))
    _compare_raster(report, info, other)
    _look_at_pictures(report, read_matte(other), len(frames), on_frame)
    return report


def _compare_count(report: VerifyReport, other: ClipInfo, frames: range) -> None:
    found, due = other.frame_count, len(frames)
    report.add("count", found == due, f"{found} frames, {due} due")


def _compare_names(report: VerifyReport, info: ClipInfo, other: ClipInfo, frames: range) -> None:
    due = frame_names(info)[frames.start : frames.stop]
    wrong = next((pair for pair in zip(due, other.names, strict=False) if pair[0] != pair[1]), None)
    if wrong is not None:
        report.add("names", False, f"image {wrong[1]} where {wrong[0]} is due")
    else:
        report.add("names", len(due) == len(other.names), "images are named after the source frames")


def _compare_times(report: VerifyReport, info: ClipInfo, other: ClipInfo, frames: range) -> None:
    """Every frame's start, both clips counted from their first frame."""
    clock = export_clock(info, frames)
    due = clock.starts[: min(len(frames), other.frame_count)]
    found = other.pts[: len(due)] - other.pts[0]
    # In a whole number of common ticks, so that hours of frames compare without rounding.
    ticks = 1 / (clock.time_base * other.time_base)
    scale_due, scale_found = clock.time_base * ticks, other.time_base * ticks
    off = np.abs(due * int(scale_due) - found * int(scale_found)) if _small(ticks, due) else None
    worst = Fraction(0) if off is None or not len(off) else Fraction(int(off.max())) / ticks
    millisecond = other.time_base == Fraction(1, 1000)
    allowed = Fraction(1, 1000) if millisecond else Fraction(0)
    ok = worst <= allowed and off is not None
    stated = " (this container counts milliseconds; 1 ms is allowed)" if millisecond else ""
    report.add("times", ok, f"largest time difference {float(worst) * 1000:.3f} ms{stated}")
    if other.rate != info.rate and clock.on_grid and len(frames) > 1:
        report.add("rate", False, f"rate is {other.rate}, the source's {info.rate}")
    else:
        report.add("rate", True, f"rate {info.rate}")


def _small(ticks: Fraction, due: npt.NDArray[np.int64]) -> bool:
    """True if the comparison above cannot overflow 64 bits."""
    return not len(due) or int(due[-1]) * ticks < 2**62


def _compare_timecode(report: VerifyReport, info: ClipInfo, other: ClipInfo, frames: range) -> None:
    if info.timecode is None:
        report.add("timecode", other.timecode is None, "the source has no timecode")
        return
    try:
        due = shift(info.timecode, info.rate, frames.start)
    except ValueError as error:
        report.add("timecode", None, f"the source's timecode cannot be carried: {error}")
        return
    report.add("timecode", other.timecode == due, f"starts at {other.timecode}, due {due}")


def _compare_raster(report: VerifyReport, info: ClipInfo, other: ClipInfo) -> None:
    ok = other.upright_size == info.upright_size
    report.add("raster", ok, "{}x{} upright, due {}x{}".format(*other.upright_size, *info.upright_size))
    if other.kind == "sequence":
        return
    same_turn = (other.rotation, other.mirrored) == (info.rotation, info.mirrored)
    report.add("rotation", same_turn, f"turned {other.rotation} degrees, the source {info.rotation}")
    if other.sar == info.sar:
        report.add("pixel-aspect", True, f"pixel aspect {info.sar}")
    else:
        # Some containers have no place for it (FFV1 in MKV); the pixels themselves still match.
        report.add("pixel-aspect", None, f"pixel aspect is stored as {other.sar}, the source's is {info.sar}")


def _look_at_pictures(
    report: VerifyReport, pictures: Iterator[MatteFrame], due: int, on_frame: Callable[[], None] | None
) -> None:
    colour = outside = decoded = 0
    full_range: bool | None = None
    for picture in pictures:
        decoded += 1
        report.area.append(float(np.clip(picture.matte, 0, 1).mean()))
        colour += not picture.colourless
        # Lossy codecs ring a little around edges; a wrong range is off by 16 codes of 255.
        outside += bool(picture.matte.min() < -0.04 or picture.matte.max() > 1.04)
        full_range = picture.full_range
        if on_frame is not None:
            on_frame()
    report.add("decodes", decoded == due, f"{decoded} of {due} frames decode")
    report.add(
        "levels", not outside, f"{'full' if full_range else 'video'} range, {outside} frames beyond it"
    )
    report.add("colourless", not colour, f"{colour} frames with colour in them")
    area = np.array(report.area or [0.0])
    if area.max() < _BLANK:
        report.add("blank", None, "the matte is empty in every frame")
    elif area.min() > 1 - _BLANK:
        report.add("blank", None, "the matte is full in every frame")
    else:
        empty = int((area < _BLANK).sum())
        report.add("blank", None if empty else True, f"{empty} of {len(area)} frames are empty")


def _second_reader(report: VerifyReport, matte: Path, due: int) -> None:
    """Ask ffprobe as well: a reader that shares no code with the writer's bookkeeping."""
    if shutil.which("ffprobe") is None:
        report.add("second-reader", None, "skipped: ffprobe is not installed")
        return
    import ffmpeg  # needed here only

    try:
        told = ffmpeg.probe(str(matte.absolute()), count_packets=None, select_streams="v:0")
        count = int(told["streams"][0]["nb_read_packets"])
    except (ffmpeg.Error, KeyError, IndexError, ValueError) as error:
        report.add("second-reader", False, f"ffprobe cannot read it ({error})")
        return
    report.add("second-reader", count == due, f"ffprobe counts {count} frames, {due} due")
