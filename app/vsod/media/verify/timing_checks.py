"""Checks of an export's frame: count, names, times, timecode, raster."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.timecode import same_label, shift
from vsod.media.sinks.frame_times import export_frame_times
from vsod.media.sources.source import Source
from vsod.media.verify.verify_report import VerifyReport

_GLANCE = (64, 36)  # width and height at which frames are decoded to see whether they do
_FEW_HELD = 0.1  # share of the frames from which on an export cannot be called right


def compare_count(report: VerifyReport, other: ClipInfo, frames: range) -> None:
    """How many frames there are."""
    found, due = other.frame_count, len(frames)
    report.add("count", found == due, f"{found} frames" + ("" if found == due else f", {due} due"))


def compare_held(report: VerifyReport, source: Source, frames: npt.NDArray[np.int64]) -> None:
    """How many frames of the source cannot be decoded: there the export repeats the last good one.

    A few are worth a warning. Where they are many, nobody may rely on what lies over what; images that are missing in
    a numbered sequence are held by choice.

    Args:
        report: Gets the check.
        source: The open source.
        frames: (N,) source frame under every frame of the export.
    """
    if not len(frames):
        return
    first, last = int(frames.min()), int(frames.max())
    with closing(source.frames(first, last + 1, size=_GLANCE, pixels="luma")) as found:
        held = [frame.index for frame in found if frame.held]
    total = last + 1 - first
    if not held:
        report.add("held", True, "every frame of the source decodes")
        return
    some = ", ".join(map(str, held[:5])) + (" …" if len(held) > 5 else "")
    what = "are missing or cannot be read" if source.info.kind == "sequence" else "cannot be decoded"
    told = f"{len(held)} of {total} frames of the source {what}, the last good one is held there: {some}"
    many = source.info.kind == "video" and len(held) > _FEW_HELD * total
    report.add("held", False if many else None, told)


def compare_names(report: VerifyReport, other: ClipInfo, due: list[str]) -> None:
    """Every image's name."""
    wrong = next((pair for pair in zip(due, other.names, strict=False) if pair[0] != pair[1]), None)
    if wrong is not None:
        report.add("names", False, f"image {wrong[1]} where {wrong[0]} is due")
    elif len(due) != len(other.names):
        last = f", {due[len(other.names)]} is missing" if len(other.names) < len(due) else ""
        report.add("names", False, f"{len(other.names)} images, {len(due)} due{last}")
    else:
        report.add("names", True, "images are named as they should be")


def compare_times(report: VerifyReport, info: ClipInfo, other: ClipInfo, frames: range) -> None:
    """Every frame's start, both clips counted from their first frame."""
    clock = export_frame_times(info, frames)
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
    if off is None:
        report.add("times", False, "the times are too large to be compared")
    elif ok:
        report.add("times", True, f"largest time difference {float(worst) * 1000:.3f} ms{stated}")
    else:
        first = int(np.argmax(off > int(allowed * ticks)))
        told = f"frames are up to {float(worst) * 1000:.3f} ms from their times, the first is frame {first}{stated}"
        report.add("times", False, told)
    if other.rate != info.rate and clock.on_grid and len(frames) > 1:
        report.add("rate", False, f"rate is {other.rate}, the source's {info.rate}")
    else:
        report.add("rate", True, f"rate {info.rate}")


def _small(ticks: Fraction, due: npt.NDArray[np.int64]) -> bool:
    """True if the comparison above cannot overflow 64 bits."""
    return not len(due) or int(due[-1]) * ticks < 2**62


def compare_timecode(
    report: VerifyReport, info: ClipInfo, other: ClipInfo, frames: range, suffix: str
) -> None:
    """The start timecode, offset for a range, where a file of this suffix can hold one."""
    if info.timecode is None:
        found = "" if other.timecode is None else f", the export starts at {other.timecode}"
        report.add("timecode", other.timecode is None, f"the source has no timecode{found}")
        return
    try:
        due = shift(info.timecode, info.rate, frames.start)
    except ValueError as error:
        report.add("timecode", None, f"the source's timecode cannot be carried: {error}")
        return
    if other.timecode is None and suffix.lower() in (".avi", ".webm"):
        report.add("timecode", None, f"this container holds no timecode; the source's is {due}")
        return
    found = "has no timecode" if other.timecode is None else f"starts at {other.timecode}"
    same = same_label(other.timecode, due, info.rate)
    report.add("timecode", same, found if same else f"{found}, due {due}")


def compare_raster(report: VerifyReport, info: ClipInfo, other: ClipInfo) -> None:
    """Size, rotation, field order and pixel aspect."""
    ok = other.upright_size == info.upright_size
    size, due = ("{}x{}".format(*clip.upright_size) for clip in (other, info))
    report.add("raster", ok, f"{size} upright" + ("" if ok else f", due {due}"))
    if other.kind == "sequence":
        return
    same_turn = (other.rotation, other.mirrored) == (info.rotation, info.mirrored)
    turned, turn_due = (_turn(clip) for clip in (other, info))
    report.add("rotation", same_turn, turned if same_turn else f"{turned}, the source is {turn_due}")
    if info.field_order in ("tt", "bb", "tb", "bt"):
        same = other.field_order == info.field_order
        told = f"field order {other.field_order}" + ("" if same else f", the source's {info.field_order}")
        report.add("field-order", same or None, told)
    if other.sar == info.sar:
        report.add("pixel-aspect", True, f"pixel aspect {info.sar}")
    else:
        # Some containers have no place for it (FFV1 in MKV); the pixels themselves still match.
        report.add("pixel-aspect", None, f"pixel aspect is stored as {other.sar}, the source's is {info.sar}")


def _turn(clip: ClipInfo) -> str:
    return f"turned {clip.rotation} degrees" + (" and mirrored" if clip.mirrored else "")
